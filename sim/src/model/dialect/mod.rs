//! How providers word their answers: real header names and bodies.
//!
//! Names, codes and what is told where are those of the real providers; sentences keep what programs
//! read in them, and no more. No response has a `date`, since clients and providers share a clock.

mod anthropic;
mod azure;
mod cerebras;
mod cohere;
mod deepseek;
mod gateway;
mod gemini;
mod generic;
mod gist;
mod groq;
mod mistral;
mod moment;
mod nvidia_nim;
mod openai;
mod openai_like;
mod openrouter;
mod span;
mod window;

use std::{fmt::Display, time::Duration};

use paceline_core::{Dimension, Timestamp};

use crate::scenario::{limit::RateLimit, provider::Dialect};
pub(crate) use anthropic::error_body as anthropic_error;
pub use gist::{Gist, gist};
pub(crate) use openai_like::error as openai_error;
use window::Window;

/// A response as it goes over the wire.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// Empty where it says nothing about limits.
    pub body: String,
}

impl Response {
    /// A status without headers and body.
    fn of(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// A status with a body.
    fn with(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            body: body.to_string(),
            ..Self::default()
        }
    }

    fn header(&mut self, name: &'static str, value: impl Display) {
        self.headers.push((name, value.to_string()));
    }
}

/// What a response is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Occasion {
    /// An answer.
    Answer,
    /// A 5xx of a call that was admitted.
    Failure,
    /// A 503 in an outage, or what else the provider says then.
    Outage,
    /// The limit with this place in the list refused.
    Refusal {
        /// What it costs of that limit.
        requested: u64,
        /// The place of the limit.
        by: usize,
        /// When the provider says to come back, if it says so.
        retry_after: Option<Duration>,
    },
    /// Too many calls are under way.
    Busy {
        /// How many may be.
        most: u64,
    },
    /// The request is larger than the limit with this place allows at once.
    TooLarge {
        /// What it costs of that limit.
        requested: u64,
        /// The place of the limit.
        by: usize,
    },
}

impl Occasion {
    /// The place of the limit that refuses.
    pub(super) const fn refused_by(self) -> Option<usize> {
        match self {
            Self::Refusal { by, .. } | Self::TooLarge { by, .. } => Some(by),
            _ => None,
        }
    }
}

/// What a provider knows of one of its limits.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// The limit.
    pub rate: &'a RateLimit,
    /// What is left.
    pub remaining: u64,
    /// When all of it is there again.
    pub full_at: Timestamp,
}

impl State<'_> {
    fn limit(&self) -> u64 {
        self.rate.quota.limit()
    }

    fn used(&self) -> u64 {
        self.limit().saturating_sub(self.remaining)
    }

    fn window(&self) -> Window {
        Window::of(self.rate)
    }

    /// How long it takes until all of it is there again.
    fn full_in(&self, now: Timestamp) -> Duration {
        self.full_at.saturating_duration_since(now)
    }
}

/// The first limit that counts this over this window.
fn state<'a>(limits: &'a [State<'a>], counts: Dimension, window: Window) -> Option<&'a State<'a>> {
    limits
        .iter()
        .find(|state| state.rate.counts == counts && state.window() == window)
}

/// Words a response that is decided at `now`.
pub fn write(
    dialect: Dialect,
    now: Timestamp,
    occasion: Occasion,
    limits: &[State<'_>],
) -> Response {
    match dialect {
        Dialect::Generic => generic::write(occasion),
        Dialect::Gateway => gateway::write(now, occasion, limits),
        Dialect::OpenAi => openai::write(now, occasion, limits),
        Dialect::Azure => azure::write(occasion, limits),
        Dialect::Anthropic => anthropic::write(now, occasion, limits),
        Dialect::Gemini => gemini::write(occasion, limits),
        Dialect::Groq => groq::write(now, occasion, limits),
        Dialect::Cerebras => cerebras::write(now, occasion, limits),
        Dialect::Mistral => mistral::write(occasion, limits),
        Dialect::OpenRouter => openrouter::write(now, occasion, limits),
        Dialect::Cohere => cohere::write(occasion, limits),
        Dialect::NvidiaNim => nvidia_nim::write(occasion),
        Dialect::DeepSeek => deepseek::write(occasion, limits),
    }
}
