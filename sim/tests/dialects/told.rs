//! What each dialect tells, as its documentation has it: the readings that must come back.

use std::time::Duration;

use paceline_core::{Dimension, LimitWindow, Metric, Timestamp};
use paceline_sim::{model::dialect::Occasion, scenario::provider::Dialect};

use crate::case::{Case, Held};

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;
const MONTH: u64 = 2_592_000;
const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// What headers show of one limit.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) metric: Metric,
    /// None if only arithmetic could tell.
    pub(crate) window: Option<LimitWindow>,
    pub(crate) limit: Option<u64>,
    pub(crate) remaining: Option<u64>,
    /// The earliest and the latest that it may be read as.
    pub(crate) reset: Option<(Timestamp, Timestamp)>,
}

impl Shown {
    fn of(held: &Held) -> Self {
        Self {
            metric: metric(held),
            window: Some(LimitWindow::Span(held.period())),
            limit: Some(held.limit()),
            remaining: Some(held.remaining),
            reset: None,
        }
    }

    /// A reset that is told as a span, and may lack what is less than `early`.
    fn span(held: &Held, early: Duration) -> Self {
        let reset = (held.full_at.saturating_sub(early), held.full_at);
        Self {
            reset: Some(reset),
            ..Self::of(held)
        }
    }
}

/// What counts in the words of readings.
pub(crate) fn metric(held: &Held) -> Metric {
    match held.rate.counts {
        Dimension::Requests => Metric::Requests,
        Dimension::InputTokens => Metric::InputTokens,
        Dimension::OutputTokens => Metric::OutputTokens,
        _ => Metric::Tokens,
    }
}

/// What the headers of this response show.
pub(crate) fn shown(dialect: Dialect, case: &Case) -> Vec<Shown> {
    let occasion = case.occasion;
    let find = |counts, seconds| case.find(counts, seconds);
    let shown: Vec<Option<Shown>> = match dialect {
        _ if occasion == Occasion::Outage && dialect != Dialect::Gateway => Vec::new(),
        Dialect::OpenAi | Dialect::Groq => {
            let requests = match dialect {
                Dialect::Groq => find(Dimension::Requests, DAY),
                _ => {
                    let mut limits = case.limits.iter();
                    limits.find(|held| {
                        let period = held.period().as_secs();
                        held.rate.counts == Dimension::Requests && [MINUTE, DAY].contains(&period)
                    })
                }
            };
            let requests = requests.map(|held| Shown {
                window: None,
                ..Shown::span(held, MILLI)
            });
            let tokens = find(Dimension::Tokens, MINUTE);
            vec![requests, tokens.map(|held| Shown::span(held, MILLI))]
        }
        Dialect::Gateway => {
            // Seconds, rounded up to a millisecond.
            let up = |held: &Held| Shown {
                reset: Some((held.full_at, held.full_at.saturating_add(MILLI))),
                ..Shown::of(held)
            };
            let requests = find(Dimension::Requests, MINUTE).map(|held| Shown {
                window: None,
                ..up(held)
            });
            vec![requests, find(Dimension::Tokens, MINUTE).map(up)]
        }
        Dialect::Azure if occasion == Occasion::Answer => {
            let requests = find(Dimension::Requests, 10).map(|held| Shown {
                limit: None,
                ..Shown::of(held)
            });
            vec![requests, find(Dimension::Tokens, MINUTE).map(Shown::of)]
        }
        Dialect::Anthropic => {
            let round = |held: &Held| {
                let tokens = ((held.remaining + 500) / 1_000 * 1_000).min(held.limit());
                Shown {
                    remaining: Some(match held.rate.counts {
                        Dimension::Requests => held.remaining,
                        _ => tokens,
                    }),
                    reset: Some((held.full_at, held.full_at.saturating_add(SECOND))),
                    ..Shown::of(held)
                }
            };
            let all = [
                Dimension::Requests,
                Dimension::Tokens,
                Dimension::InputTokens,
                Dimension::OutputTokens,
            ];
            all.map(|counts| find(counts, MINUTE).map(round)).to_vec()
        }
        Dialect::Cerebras => {
            let limits = [(Dimension::Requests, DAY), (Dimension::Tokens, MINUTE)];
            let held = limits.map(|(counts, seconds)| find(counts, seconds));
            held.map(|held| held.map(|held| Shown::span(held, Duration::ZERO)))
                .to_vec()
        }
        Dialect::Mistral if !matches!(occasion, Occasion::Busy { .. }) => {
            let named = case.limits.iter().filter(|held| is_named(held));
            let shown = named.map(|held| {
                Some(Shown {
                    window: Some(month_or_span(held)),
                    ..Shown::of(held)
                })
            });
            shown.collect()
        }
        Dialect::OpenRouter => match refusal(case) {
            Some((held, retry_after)) if held.rate.counts == Dimension::Requests => {
                let reset = retry_after.map(|wait| {
                    let at = case.now.saturating_add(wait);
                    (at, at.saturating_add(MILLI))
                });
                vec![Some(Shown {
                    window: None,
                    reset,
                    ..Shown::of(held)
                })]
            }
            _ => Vec::new(),
        },
        Dialect::Cohere if occasion == Occasion::Answer => {
            let month = find(Dimension::Requests, MONTH).map(|held| Shown {
                window: Some(LimitWindow::Month),
                remaining: None,
                ..Shown::of(held)
            });
            vec![find(Dimension::Requests, MINUTE).map(Shown::of), month]
        }
        _ => Vec::new(),
    };
    shown.into_iter().flatten().collect()
}

/// Whether Mistral has a name for its window.
pub(crate) fn is_named(held: &Held) -> bool {
    let counts = held.rate.counts;
    matches!(counts, Dimension::Requests | Dimension::Tokens) && held.period().as_secs() != 90
}

fn month_or_span(held: &Held) -> LimitWindow {
    if held.period().as_secs() == MONTH {
        LimitWindow::Month
    } else {
        LimitWindow::Span(held.period())
    }
}

pub(crate) fn refusal(case: &Case) -> Option<(&Held, Option<Duration>)> {
    match case.occasion {
        Occasion::Refusal {
            by, retry_after, ..
        } => Some((&case.limits[by], retry_after)),
        _ => None,
    }
}

/// The limit that a response blames.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Blamed {
    pub(crate) metric: Metric,
    pub(crate) window: Option<LimitWindow>,
    pub(crate) limit: Option<u64>,
    pub(crate) used: Option<u64>,
    pub(crate) requested: Option<u64>,
}

/// The limit that the words of this response blame, as far as they go.
pub(crate) fn blamed(dialect: Dialect, case: &Case) -> Option<Blamed> {
    let (held, requested, too_large) = match case.occasion {
        Occasion::Refusal { requested, by, .. } => (&case.limits[by], requested, false),
        Occasion::TooLarge { requested, by } => (&case.limits[by], requested, true),
        _ => return None,
    };
    let all = Blamed {
        metric: metric(held),
        window: Some(month_or_span(held)),
        limit: Some(held.limit()),
        ..Blamed::default()
    };
    let is_unit = ![10, 90, 300].contains(&held.period().as_secs());
    let two_kinds = match held.rate.counts {
        Dimension::Requests => Metric::Requests,
        _ => Metric::Tokens,
    };
    match dialect {
        Dialect::OpenAi | Dialect::Groq | Dialect::Gateway => Some(Blamed {
            used: (!too_large).then(|| held.used()),
            requested: Some(requested),
            ..all
        }),
        _ if too_large => None,
        Dialect::Anthropic => Some(all),
        Dialect::Gemini => Some(Blamed {
            window: all.window.filter(|_| is_unit),
            ..all
        }),
        Dialect::Azure if is_long(held) => Some(Blamed {
            metric: match held.rate.counts {
                Dimension::Requests => Metric::Unknown,
                _ => all.metric,
            },
            window: Some(LimitWindow::Span(held.period())),
            ..all
        }),
        Dialect::Azure => Some(Blamed {
            metric: two_kinds,
            ..Blamed::default()
        }),
        Dialect::Cerebras => Some(Blamed {
            metric: two_kinds,
            limit: None,
            ..all
        }),
        Dialect::Cohere => Some(Blamed {
            metric: two_kinds,
            ..all
        }),
        Dialect::OpenRouter if held.rate.counts == Dimension::Requests && is_unit => Some(all),
        _ => None,
    }
}

pub(crate) fn is_long(held: &Held) -> bool {
    held.period() > Duration::from_secs(3_600)
}
