use serde_json::{Value, json};

use super::{answer::About, fault::Style, words};

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
        let said = if said.contains(['\n', '\r']) {
            ""
        } else {
            said
        };
        let (what, kind) = ("The answer broke off.", "server_error");
        match self.about.style {
            Style::OpenAi if said.is_empty() => {
                let error = json!({ "message": what, "type": kind, "param": null, "code": null });
                data(&json!({ "error": error }))
            }
            Style::OpenAi => format!("data: {said}\n\n"),
            Style::Anthropic if said.is_empty() => {
                let error = json!({ "type": "api_error", "message": what });
                named("error", &json!({ "type": "error", "error": error }))
            }
            Style::Anthropic => format!("event: error\ndata: {said}\n\n"),
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

fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

fn named(event: &str, value: &Value) -> String {
    format!("event: {event}\ndata: {value}\n\n")
}
