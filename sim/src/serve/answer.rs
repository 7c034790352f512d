use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    ask::{Ask, Form, Vectors},
    fault::Style,
    words,
};

/// What an answer is about, whichever form it has.
#[derive(Debug)]
pub(super) struct About {
    pub(super) style: Style,
    pub(super) model: String,
    /// Tells it from all other answers.
    pub(super) number: u64,
    /// Seconds since 1970 on the provider's clock.
    pub(super) created: u32,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    /// Whether the cap that it was asked with ends it.
    pub(super) is_cut: bool,
}

impl About {
    pub(super) fn id(&self) -> String {
        match self.style {
            Style::OpenAi => format!("chatcmpl-{}", self.number),
            Style::Anthropic => format!("msg_{}", self.number),
        }
    }

    /// Why it ends.
    pub(super) const fn reason(&self) -> &'static str {
        match (self.style, self.is_cut) {
            (Style::OpenAi, false) => "stop",
            (Style::OpenAi, true) => "length",
            (Style::Anthropic, false) => "end_turn",
            (Style::Anthropic, true) => "max_tokens",
        }
    }

    /// What it used, in the words of OpenAI.
    pub(super) fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.input_tokens,
            "completion_tokens": self.output_tokens,
            "total_tokens": self.input_tokens.saturating_add(self.output_tokens),
        })
    }

    /// The answer as one piece.
    pub(super) fn whole(&self, ask: &Ask) -> Value {
        match (ask.form, self.style) {
            (Form::Vectors(vectors), _) => self.vectors(vectors),
            (_, Style::OpenAi) => self.completion(),
            (_, Style::Anthropic) => self.message(),
        }
    }

    fn completion(&self) -> Value {
        let message = json!({
            "role": "assistant",
            "content": words::text(0, self.output_tokens),
            "refusal": null,
        });
        json!({
            "id": self.id(),
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{
                "index": 0,
                "message": message,
                "logprobs": null,
                "finish_reason": self.reason(),
            }],
            "usage": self.usage(),
        })
    }

    fn message(&self) -> Value {
        json!({
            "id": self.id(),
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [{ "type": "text", "text": words::text(0, self.output_tokens) }],
            "stop_reason": self.reason(),
            "stop_sequence": null,
            "usage": { "input_tokens": self.input_tokens, "output_tokens": self.output_tokens },
        })
    }

    fn vectors(&self, vectors: Vectors) -> Value {
        let of = |index: usize| json!({ "object": "embedding", "index": index, "embedding": vector(index, vectors) });
        json!({
            "object": "list",
            "model": self.model,
            "data": (0..vectors.inputs).map(of).collect::<Vec<_>>(),
            "usage": { "prompt_tokens": self.input_tokens, "total_tokens": self.input_tokens },
        })
    }
}

/// A vector of length 1 that tells one input from the next ones.
fn vector(index: usize, vectors: Vectors) -> Value {
    let hot = index % vectors.dimensions;
    let numbers = (0..vectors.dimensions).map(|place| if place == hot { 1.0_f32 } else { 0.0 });
    if vectors.is_base64 {
        let bytes: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
        return BASE64_STANDARD.encode(bytes).into();
    }
    numbers.collect()
}

/// The one model that there is, in the form of a list, for OpenAI's clients and Anthropic's alike.
pub(super) fn models(id: &str, created: u32) -> Value {
    json!({
        "object": "list",
        "data": [model(id, created)],
        "first_id": id,
        "last_id": id,
        "has_more": false,
    })
}

/// A model; all names are good.
pub(super) fn model(id: &str, created: u32) -> Value {
    let at = jiff::Timestamp::new(i64::from(created), 0).unwrap_or_default();
    json!({
        "id": id,
        "object": "model",
        "created": created,
        "owned_by": "paceline-sim",
        "type": "model",
        "display_name": id,
        "created_at": at.to_string(),
    })
}
