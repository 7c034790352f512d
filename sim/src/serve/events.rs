use std::fmt::Display;

use serde_json::{Value, json};

use super::{answer::About, fault::Style, words};
use crate::model::dialect;

/// How an answer is told word by word: server-sent events as OpenAI or Anthropic sends them.
#[derive(Debug)]
pub(super) struct Events {
    pub(super) about: About,
    /// Whether the last piece of OpenAI's says what was used.
    pub(super) usage: bool,
}

impl Events {
    /// What comes before the first word.
    pub(super) fn opening(&self) -> String {
        match self.about.style {
            Style::OpenAi => self.chunk(&json!({ "role": "assistant", "content": "" }), None),
            Style::Anthropic => {
                let message = json!({
                    "id": self.about.id(),
                    "type": "message",
                    "role": "assistant",
                    "model": self.about.model,
                    "content": [],
                    "stop_reason": null,
                    "stop_sequence": null,
                    "usage": { "input_tokens": self.about.input_tokens, "output_tokens": 0 },
                });
                let start = json!({ "type": "message_start", "message": message });
                let block = json!({
                    "type": "content_block_start",
                    "index": 0,
                    "content_block": { "type": "text", "text": "" },
                });
                named("message_start", &start)
                    + &named("content_block_start", &block)
                    + &named("ping", &json!({ "type": "ping" }))
            }
        }
    }

    /// So many words, from one on.
    pub(super) fn words(&self, from: u64, count: u64) -> String {
        let text = words::text(from, count);
        match self.about.style {
            Style::OpenAi => self.chunk(&json!({ "content": text }), None),
            Style::Anthropic => {
                let delta = json!({ "type": "text_delta", "text": text });
                let block = json!({ "type": "content_block_delta", "index": 0, "delta": delta });
                named("content_block_delta", &block)
            }
        }
    }

    /// What comes after the last word.
    pub(super) fn closing(&self) -> String {
        let reason = self.about.reason();
        match self.about.style {
            Style::OpenAi => {
                let mut text = self.chunk(&json!({}), Some(reason));
                if self.usage {
                    let mut last = self.frame(json!([]));
                    last["usage"] = self.about.usage();
                    text += &data(&last);
                }
                text + "data: [DONE]\n\n"
            }
            Style::Anthropic => {
                let stop = json!({ "type": "content_block_stop", "index": 0 });
                let delta = json!({
                    "type": "message_delta",
                    "delta": { "stop_reason": reason, "stop_sequence": null },
                    "usage": { "output_tokens": self.about.output_tokens },
                });
                named("content_block_stop", &stop)
                    + &named("message_delta", &delta)
                    + &named("message_stop", &json!({ "type": "message_stop" }))
            }
        }
    }

    /// What stands in the place of the rest of an answer that breaks off; `said` is what the provider says then.
    pub(super) fn broken(&self, said: &str) -> String {
        let fits = !said.is_empty() && !said.contains(['\n', '\r']);
        let what = "The answer broke off.";
        match self.about.style {
            Style::OpenAi if fits => data(&said),
            Style::OpenAi => data(&dialect::openai_error(what, "server_error", None)),
            Style::Anthropic if fits => named("error", &said),
            Style::Anthropic => named("error", &dialect::anthropic_error("api_error", what)),
        }
    }

    /// A piece of OpenAI's.
    fn chunk(&self, delta: &Value, reason: Option<&str>) -> String {
        let choice = json!({
            "index": 0,
            "delta": delta,
            "logprobs": null,
            "finish_reason": reason,
        });
        let mut chunk = self.frame(json!([choice]));
        if self.usage {
            chunk["usage"] = Value::Null;
        }
        data(&chunk)
    }

    fn frame(&self, choices: Value) -> Value {
        json!({
            "id": self.about.id(),
            "object": "chat.completion.chunk",
            "created": self.about.created,
            "model": self.about.model,
            "choices": choices,
        })
    }
}

fn data(value: &impl Display) -> String {
    format!("data: {value}\n\n")
}

fn named(event: &str, value: &impl Display) -> String {
    format!("event: {event}\ndata: {value}\n\n")
}
