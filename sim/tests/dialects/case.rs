//! Random limits, and occasions that fit them.

use std::time::Duration;

use paceline_core::{Dimension, Quota, Timestamp};
use paceline_quota::CalendarUnit;
use paceline_sim::{
    model::dialect::{Occasion, State},
    scenario::limit::{Kind, RateLimit},
};
use proptest::prelude::*;

/// Midnight of 2002-01-01, in seconds. From 2001-09-09 on, milliseconds since 1970 exceed 10^12.
pub(crate) const YEAR_2002: u64 = 1_009_843_200;

/// One limit, and how much of it is left.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) rate: RateLimit,
    pub(crate) remaining: u64,
    pub(crate) full_at: Timestamp,
}

impl Held {
    pub(crate) fn limit(&self) -> u64 {
        self.rate.quota.limit()
    }

    pub(crate) fn used(&self) -> u64 {
        self.limit() - self.remaining
    }

    pub(crate) fn period(&self) -> Duration {
        self.rate.quota.period()
    }

    /// How long so many cells take to come back, if they do all the time.
    pub(crate) fn refill(&self, cells: u64) -> Duration {
        let nanos = u128::from(cells) * self.period().as_nanos();
        let nanos = nanos.div_ceil(u128::from(self.limit()));
        Duration::from_nanos(u64::try_from(nanos).expect("at most a period"))
    }
}

/// A response to be worded.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) now: Timestamp,
    pub(crate) limits: Vec<Held>,
    pub(crate) occasion: Occasion,
}

impl Case {
    pub(crate) fn states(&self) -> Vec<State<'_>> {
        let states = self.limits.iter().map(|held| State {
            rate: &held.rate,
            remaining: held.remaining,
            full_at: held.full_at,
        });
        states.collect()
    }

    /// The first limit that counts this over so many seconds.
    pub(crate) fn find(&self, counts: Dimension, seconds: u64) -> Option<&Held> {
        let period = Duration::from_secs(seconds);
        let mut limits = self.limits.iter();
        limits.find(|held| held.rate.counts == counts && held.period() == period)
    }
}

/// What a limit is drawn from: what it counts, its period, limit, use, whether it refills all the time,
/// and when it ends if not.
type Drawn = (usize, usize, u64, u64, bool, u64);

const COUNTS: [Dimension; 4] = [
    Dimension::Requests,
    Dimension::Tokens,
    Dimension::InputTokens,
    Dimension::OutputTokens,
];

const PERIODS: [u64; 8] = [1, 10, 60, 90, 300, 3_600, 86_400, 2_592_000];

fn drawn() -> impl Strategy<Value = Drawn> {
    // Minutes and days of requests and tokens are what most dialects show.
    let counts = prop_oneof![4 => 0..2_usize, 1 => 2..4_usize];
    let period = prop_oneof![2 => Just(2_usize), 2 => Just(6_usize), 1 => 0..PERIODS.len()];
    let limit = prop_oneof![1..100_u64, 1..5_000_000_u64];
    (
        counts,
        period,
        limit,
        any::<u64>(),
        any::<bool>(),
        any::<u64>(),
    )
}

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let now = prop_oneof![
        Just(0),
        0..YEAR_2002 * 1_000_000_000,
        YEAR_2002 * 1_000_000_000..16_000_000_000_000_000_000,
    ];
    let limits = prop::collection::vec(drawn(), 1..8);
    (now, limits, 0..7_u8, any::<[u64; 4]>()).prop_map(|(now, limits, occasion, dice)| {
        let now = Timestamp::from_nanos(now);
        build(now, &limits, occasion, dice)
    })
}

fn build(now: Timestamp, drawn: &[Drawn], occasion: u8, dice: [u64; 4]) -> Case {
    // Two of one kind, or of one size, could not be told apart by any reader.
    let mut limits: Vec<&Drawn> = Vec::new();
    for new in drawn {
        let same = |old: &&Drawn| (old.0, old.1) == (new.0, new.1) || old.2 == new.2;
        if !limits.iter().any(same) {
            limits.push(new);
        }
    }
    let by = usize::try_from(dice[0] % limits.len() as u64).expect("small");
    let refusal = occasion == 3;
    let answer = occasion == 0;
    let mut held: Vec<Held> = Vec::new();
    for (at, drawn) in limits.into_iter().enumerate() {
        let &(counts, _, limit, use_, ..) = drawn;
        let remaining = match (refusal && at == by, COUNTS[counts]) {
            (true, Dimension::Requests) => 0,
            (true, _) => use_ % limit,
            // What has nothing left would have refused, or refuses next.
            (false, _) if answer => use_ % (limit + 1),
            (false, _) => 1 + use_ % limit,
        };
        held.push(hold(now, drawn, remaining));
    }
    let refused = &held[by];
    let occasion = match occasion {
        0 => Occasion::Answer,
        1 => Occasion::Failure,
        2 => Occasion::Outage,
        3 => {
            let left = refused.remaining;
            let requested = match refused.rate.counts {
                Dimension::Requests => 1,
                _ => left + 1 + dice[1] % (refused.limit() - left),
            };
            let missing = requested - left;
            let exact = match refused.rate.kind {
                Kind::Gcra => refused.refill(missing),
                _ => refused.full_at.saturating_duration_since(now),
            };
            let retry_after = match dice[2] % 4 {
                0 => None,
                1 => Some(Duration::from_nanos(dice[3] % 200_000_000_000_000)),
                _ => Some(exact),
            };
            Occasion::Refusal {
                requested,
                by,
                retry_after,
            }
        }
        4 => Occasion::Busy {
            most: 1 + dice[1] % 100,
        },
        _ => Occasion::TooLarge {
            requested: refused.limit() + 1 + dice[1] % 1_000,
            by,
        },
    };
    Case {
        now,
        limits: held,
        occasion,
    }
}

fn hold(now: Timestamp, &(counts, period, limit, _, refills, end): &Drawn, remaining: u64) -> Held {
    let period = Duration::from_secs(PERIODS[period]);
    let quota = Quota::new(limit, period).expect("within bounds");
    let kind = if refills {
        Kind::Gcra
    } else {
        Kind::Calendar {
            unit: CalendarUnit::Day,
            zone: jiff::tz::TimeZone::UTC,
        }
    };
    let mut held = Held {
        rate: RateLimit {
            window_safe: false,
            counts: COUNTS[counts],
            quota,
            per: String::new(),
            kind,
        },
        remaining,
        full_at: now,
    };
    let until = match (held.used(), refills) {
        (0, _) => Duration::ZERO,
        (used, true) => held.refill(used),
        (_, false) => Duration::from_nanos(1 + end % quota.period_nanos()),
    };
    held.full_at = now.saturating_add(until);
    held
}

/// A refusal by a limit of 20 requests a minute, for a wait.
pub(crate) fn minute_of_requests(now: Timestamp, wait: Duration) -> Case {
    let refills = true;
    Case {
        now,
        limits: vec![hold(now, &(0, 2, 20, 0, refills, 0), 0)],
        occasion: Occasion::Refusal {
            requested: 1,
            by: 0,
            retry_after: Some(wait),
        },
    }
}
