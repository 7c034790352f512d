use paceline_adaptive::BytesPerToken;
use serde::Deserialize;
use serde_json::Value;

use super::fault::Fault;

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) model: String,
    /// Tokens of the prompt, as far as its length tells.
    pub(super) input_tokens: u64,
    /// The cap on output tokens, if it declares one.
    pub(super) max_tokens: Option<u64>,
    pub(super) form: Form,
}

/// In which form it wants its answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// All at once.
    Whole,
    /// Word by word.
    Stream {
        /// Whether the last piece says what was used, which Anthropic always says.
        usage: bool,
    },
    /// A vector for each input.
    Vectors(Vectors),
}

/// The vectors that a request asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Vectors {
    pub(super) inputs: usize,
    pub(super) dimensions: usize,
    /// Whether as base64 of little-endian `f32`s, else as numbers.
    pub(super) is_base64: bool,
}

/// Dimensions of a vector, unless others are asked for.
const DIMENSIONS: usize = 16;
/// So many numbers are given at once at most.
const MOST_NUMBERS: usize = 1 << 18;

#[derive(Deserialize)]
struct Chat {
    model: String,
    messages: Vec<Value>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    n: Option<u64>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct Messages {
    model: String,
    messages: Vec<Value>,
    max_tokens: u64,
    system: Option<Value>,
    stream: Option<bool>,
}

#[derive(Deserialize)]
struct Embeddings {
    model: String,
    input: Input,
    encoding_format: Option<Encoding>,
    dimensions: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Float,
    Base64,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected text, tokens, or a list of either")]
enum Input {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u64>),
    ManyTokens(Vec<Vec<u64>>),
}

impl Ask {
    /// Reads what `/v1/chat/completions` takes.
    pub(super) fn chat(body: &[u8]) -> Result<Self, Fault> {
        let chat: Chat = read(body)?;
        if chat.n.is_some_and(|n| n != 1) {
            return Err(Fault::Bad("n: expected 1, as there is one choice".into()));
        }
        let usage = chat.stream_options.and_then(|it| it.include_usage);
        Ok(Self {
            input_tokens: prompt(&chat.messages, None)?,
            model: chat.model,
            max_tokens: chat.max_completion_tokens.or(chat.max_tokens),
            form: form(chat.stream, usage.unwrap_or_default()),
        })
    }

    /// Reads what `/v1/messages` takes.
    pub(super) fn messages(body: &[u8]) -> Result<Self, Fault> {
        let asked: Messages = read(body)?;
        Ok(Self {
            input_tokens: prompt(&asked.messages, asked.system.as_ref())?,
            model: asked.model,
            max_tokens: Some(asked.max_tokens),
            form: form(asked.stream, true),
        })
    }

    /// Reads what `/v1/embeddings` takes.
    pub(super) fn embeddings(body: &[u8]) -> Result<Self, Fault> {
        let asked: Embeddings = read(body)?;
        let (inputs, input_tokens) = match &asked.input {
            Input::Text(text) => (1, tokens(text.len())),
            Input::Texts(texts) => (texts.len(), tokens(texts.iter().map(String::len).sum())),
            Input::Tokens(all) => (1, all.len() as u64),
            Input::ManyTokens(many) => {
                let all: usize = many.iter().map(Vec::len).sum();
                (many.len(), all as u64)
            }
        };
        let dimensions = asked.dimensions.unwrap_or(DIMENSIONS);
        if inputs == 0 {
            return Err(Fault::Bad("input: expected at least one".into()));
        }
        if dimensions == 0 || inputs.saturating_mul(dimensions) > MOST_NUMBERS {
            return Err(Fault::Bad(format!(
                "dimensions: expected 1 to {MOST_NUMBERS} numbers for all inputs together"
            )));
        }
        let vectors = Vectors {
            inputs,
            dimensions,
            is_base64: matches!(asked.encoding_format, Some(Encoding::Base64)),
        };
        Ok(Self {
            model: asked.model,
            input_tokens,
            max_tokens: Some(0),
            form: Form::Vectors(vectors),
        })
    }
}

fn form(stream: Option<bool>, usage: bool) -> Form {
    match stream {
        Some(true) => Form::Stream { usage },
        _ => Form::Whole,
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|err| Fault::Bad(err.to_string()))
}

/// The tokens of messages, by the length of their text.
fn prompt(messages: &[Value], system: Option<&Value>) -> Result<u64, Fault> {
    if messages.is_empty() {
        return Err(Fault::Bad("messages: expected at least one".into()));
    }
    let bytes: usize = messages.iter().chain(system).map(text).sum();
    Ok(tokens(bytes))
}

fn tokens(bytes: usize) -> u64 {
    BytesPerToken::new().tokens_in(bytes as u64)
}

/// The bytes of text in a message or a part of one; pictures and sound are none.
fn text(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(parts) => parts.iter().map(text).sum(),
        Value::Object(fields) => {
            let told = ["content", "text", "thinking", "arguments"];
            told.iter()
                .filter_map(|name| fields.get(*name))
                .map(text)
                .sum()
        }
        _ => 0,
    }
}
