use alloc::vec::Vec;
use core::time::Duration;

use paceline_core::{LimitReading, LimitWindow, Timestamp};

use crate::{
    number::Number,
    received::{Received, Unit},
};

/// The limits of Claude's subscriptions: shares of windows of hours and days.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unified {
    /// Whether the account as a whole is refused.
    pub(crate) rejected: bool,
    /// Whether any window is nearly used up.
    pub(crate) warning: bool,
    /// When the window that decides resets.
    pub(crate) reset_at: Option<Timestamp>,
}

/// A window's names.
struct Claim {
    name: &'static str,
    /// What it is called where the window that decides is named.
    claim: &'static str,
    hours: u64,
    status: &'static str,
    reset: &'static str,
    utilization: &'static str,
}

macro_rules! claim {
    ($name:literal, $claim:literal, $hours:literal) => {
        Claim {
            name: $name,
            claim: $claim,
            hours: $hours,
            status: concat!("anthropic-ratelimit-unified-", $name, "-status"),
            reset: concat!("anthropic-ratelimit-unified-", $name, "-reset"),
            utilization: concat!("anthropic-ratelimit-unified-", $name, "-utilization"),
        }
    };
}

const CLAIMS: [Claim; 5] = [
    claim!("5h", "five_hour", 5),
    claim!("7d", "seven_day", 168),
    claim!("7d_sonnet", "seven_day_sonnet", 168),
    claim!("7d_opus", "seven_day_opus", 168),
    claim!("7d_oauth_apps", "seven_day_oauth_apps", 168),
];

/// Reads the headers of a subscription, if there are any.
pub(crate) fn read<'h>(
    get: &impl Fn(&str) -> Option<&'h str>,
    received: Received,
    limits: &mut Vec<LimitReading>,
) -> Unified {
    let status = |name| Status::parse(get(name).unwrap_or_default());
    let time = |name| received.read(get(name)?, Unit::Seconds);
    let overall = status("anthropic-ratelimit-unified-status");
    let decides = get("anthropic-ratelimit-unified-representative-claim").map(str::trim);
    let mut unified = Unified {
        rejected: overall == Some(Status::Rejected),
        warning: overall == Some(Status::Warning),
        reset_at: time("anthropic-ratelimit-unified-reset"),
    };
    for claim in &CLAIMS {
        let own = status(claim.status);
        let mut reading = LimitReading::default();
        reading.name = Some(claim.name.into());
        reading.window = Some(LimitWindow::Span(Duration::from_secs(claim.hours * 3_600)));
        reading.used_millionths = get(claim.utilization)
            .and_then(Number::parse)
            .and_then(Number::millionths);
        reading.reset_at = time(claim.reset);
        let decided = decides.is_some_and(|name| name.eq_ignore_ascii_case(claim.claim));
        if decided {
            reading.reset_at = reading.reset_at.or(unified.reset_at);
        }
        reading.refused = own == Some(Status::Rejected) || (decided && unified.rejected);
        unified.warning |= own == Some(Status::Warning);
        let speaks = own.is_some()
            || reading.used_millionths.is_some()
            || reading.reset_at.is_some()
            || reading.refused;
        if speaks {
            limits.push(reading);
        }
    }
    unified
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Status {
    Allowed,
    Warning,
    Rejected,
}

impl Status {
    fn parse(text: &str) -> Option<Self> {
        [
            ("allowed", Self::Allowed),
            ("allowed_warning", Self::Warning),
            ("rejected", Self::Rejected),
        ]
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text.trim()))
        .map(|(_, status)| status)
    }
}
