//! What a refusal comes to, where that is plain without its words.

use std::time::Duration;

use paceline_core::{Class, Dimension, Feedback, Hint, HintSource, Timestamp};

use super::{Occasion, State, span, state, window::Window};
use crate::scenario::provider::Dialect;

/// What a client makes of a refusal if it only cares why it was refused and when to come back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gist {
    /// Why it was refused.
    pub class: Class,
    /// How long `retry-after` says to stay away.
    pub wait: Duration,
}

impl Gist {
    /// What a reader of the words finds, but for the limits that they speak of.
    pub fn heard(self, received_at: Timestamp) -> Feedback {
        let mut feedback = Feedback::new(self.class);
        feedback.hint = Some(Hint {
            at: received_at.saturating_add(self.wait),
            source: HintSource::RetryAfter,
        });
        feedback
    }
}

/// The gist of a response that is decided at `now`; `None` if only its words tell.
///
/// To word a refusal and to read it again takes longer than everything else about a request. Where it says
/// what the most usual ones say, this says what a reader finds in it, and nothing where readers have
/// to weigh one word against another.
pub fn gist(
    dialect: Dialect,
    now: Timestamp,
    occasion: Occasion,
    limits: &[State<'_>],
) -> Option<Gist> {
    let Occasion::Refusal {
        requested,
        by,
        retry_after: Some(wait),
    } = occasion
    else {
        return None;
    };
    // What exceeds it would be read as a point in time.
    if wait > LONGEST_SPAN {
        return None;
    }
    let class = match dialect {
        Dialect::Generic => Class::Pace,
        Dialect::Gateway => class(limits.get(by)?, requested, wait)?,
        _ => return None,
    };
    let plain = dialect == Dialect::Generic
        || limits.iter().all(|state| state.limit() > 0) && shows_plainly(now, limits);
    plain.then_some(Gist { class, wait })
}

/// A second, 10^9 times.
const LONGEST_SPAN: Duration = Duration::from_secs(1_000_000_000);
/// Shorter waits for a day's quota are not believed.
const LONG: Duration = Duration::from_secs(300);
const MILLI: Duration = Duration::from_millis(1);

/// The class of a refusal by this limit.
fn class(by: &State<'_>, requested: u64, wait: Duration) -> Option<Class> {
    if requested > by.limit() {
        return None;
    }
    match by.window() {
        Window::Minute => Some(Class::Pace),
        // A day that ends, and nothing that comes back all the time.
        Window::Day if wait >= LONG => {
            let missing = by.used().saturating_add(requested);
            let missing = u128::from(missing.saturating_sub(by.limit()));
            let refill = by.rate.quota.period().as_nanos() * missing / u128::from(by.limit());
            let ends = wait.as_nanos() > refill.saturating_mul(2);
            ends.then_some(Class::Quota)
        }
        _ => None,
    }
}

/// Whether the limits that are shown are seen to be those of a minute.
fn shows_plainly(now: Timestamp, limits: &[State<'_>]) -> bool {
    let shown = [Dimension::Requests, Dimension::Tokens];
    let mut shown = shown
        .into_iter()
        .filter_map(|counts| state(limits, counts, Window::Minute));
    shown.all(|state| {
        let reset = span::millis_up(state.full_in(now));
        let used = state.used();
        // Whole numbers may be taken for milliseconds.
        let bare = reset.subsec_nanos() == 0 && used > 0;
        let tells = state.remaining > 0 || state.rate.counts != Dimension::Requests || {
            // Of what is used up, the window is told from the reset.
            let minute = state.rate.quota.period();
            let before = minute.as_nanos() * u128::from(used.saturating_sub(1));
            let before = before / u128::from(state.limit());
            reset.as_nanos() > before && reset <= minute.saturating_add(MILLI)
        };
        tells && !bare
    })
}
