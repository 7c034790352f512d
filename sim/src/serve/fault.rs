use hyper::StatusCode;
use serde_json::Value;

use crate::model::dialect;

/// In whose form a request came, and is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    OpenAi,
    Anthropic,
}

/// Why a request is turned away before any limit is asked.
#[derive(Debug)]
pub(super) enum Fault {
    /// It has no API key.
    NoKey,
    /// The server tells no more API keys apart.
    TooManyKeys,
    /// There is nothing under this path.
    NotFound,
    /// There is something, but not for this method, only for that one.
    Method(&'static str),
    /// It is not what the endpoint takes.
    Bad(String),
    /// Its body is too long.
    TooLong,
    /// Its body did not come in time.
    Slow,
    /// Too much is under way.
    Busy,
}

impl Fault {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::NoKey | Self::TooManyKeys => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether the rest of the request may still be on its way.
    pub(super) const fn closes(&self) -> bool {
        matches!(self, Self::TooLong | Self::Slow)
    }

    /// The body of the response.
    pub(super) fn body(&self, style: Style) -> Value {
        let message = self.message();
        match style {
            Style::OpenAi => {
                let kind = match self {
                    Self::Busy => "server_error",
                    _ => "invalid_request_error",
                };
                let code = match self {
                    Self::NoKey | Self::TooManyKeys => Some("invalid_api_key"),
                    _ => None,
                };
                dialect::openai_error(&message, kind, code)
            }
            Style::Anthropic => {
                let kind = match self {
                    Self::NoKey | Self::TooManyKeys => "authentication_error",
                    Self::NotFound => "not_found_error",
                    Self::TooLong => "request_too_large",
                    Self::Busy => "overloaded_error",
                    Self::Method(_) | Self::Bad(_) | Self::Slow => "invalid_request_error",
                };
                dialect::anthropic_error(kind, &message)
            }
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NoKey => {
                "expected an API key, as `authorization: Bearer KEY` or `x-api-key: KEY`; any will do"
                    .to_owned()
            }
            Self::TooManyKeys => {
                let most = super::labels::MOST_KEYS;
                format!("this server tells {most} API keys apart, and has seen as many others")
            }
            Self::NotFound => "there is nothing under this path".to_owned(),
            Self::Method(other) => format!("expected the method {other}"),
            Self::Bad(what) => what.clone(),
            Self::TooLong => {
                let most = super::body::LONGEST_BODY;
                format!("expected a body of at most {most} bytes")
            }
            Self::Slow => {
                let within = super::body::WITHIN.as_secs();
                format!("expected the whole body within {within} s")
            }
            Self::Busy => "too much is under way; try again later".to_owned(),
        }
    }
}
