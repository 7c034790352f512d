use hyper::{HeaderMap, Method, header};

use super::fault::{Fault, Style};

/// What a request is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Route {
    Chat,
    Messages,
    Embeddings,
    Models,
    Model(String),
}

impl Route {
    /// What is under a path, for this method.
    pub(super) fn find(method: &Method, path: &str) -> Result<Self, Fault> {
        let (route, expected) = match path {
            "/v1/chat/completions" => (Self::Chat, "POST"),
            "/v1/messages" => (Self::Messages, "POST"),
            "/v1/embeddings" => (Self::Embeddings, "POST"),
            "/v1/models" => (Self::Models, "GET"),
            _ => match path.strip_prefix("/v1/models/") {
                Some(id) if !id.is_empty() => (Self::Model(id.to_owned()), "GET"),
                _ => return Err(Fault::NotFound),
            },
        };
        if *method == expected {
            return Ok(route);
        }
        Err(Fault::Method(expected))
    }
}

/// In whose form a request is.
pub(super) fn style(path: &str, headers: &HeaderMap) -> Style {
    if path.starts_with("/v1/messages") || headers.contains_key("anthropic-version") {
        Style::Anthropic
    } else {
        Style::OpenAi
    }
}

/// The API key of a request, wherever it stands.
pub(super) fn api_key(headers: &HeaderMap) -> Result<&[u8], Fault> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
    });
    let own = headers.get("x-api-key").map(|value| value.as_bytes());
    let keys = bearer.into_iter().chain(own).map(<[u8]>::trim_ascii);
    keys.into_iter()
        .find(|key| !key.is_empty())
        .ok_or(Fault::NoKey)
}
