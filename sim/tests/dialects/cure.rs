//! What each dialect says about the cure: when to come back, and whether that helps.

use std::time::Duration;

use paceline_core::{Class, LimitWindow, Metric};
use paceline_sim::{model::dialect::Occasion, scenario::provider::Dialect};

use crate::{
    case::Case,
    told::{Blamed, blamed, is_long, is_named, refusal},
};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// When a refusal says to come back, rounded as the dialect does; none if it has no words for that.
pub(crate) fn wait(dialect: Dialect, case: &Case) -> Option<Duration> {
    let (_, retry_after) = refusal(case)?;
    let unit: u128 = match dialect {
        Dialect::Generic | Dialect::Gateway | Dialect::Gemini => 1,
        Dialect::OpenAi | Dialect::Azure => 1_000_000,
        Dialect::Anthropic | Dialect::Groq => 1_000_000_000,
        _ => return None,
    };
    let nanos = retry_after?.as_nanos().div_ceil(unit) * unit;
    Some(Duration::from_nanos(u64::try_from(nanos).expect("days")))
}

/// What cures it; none where it is a close call between pace and a quota.
pub(crate) fn class(dialect: Dialect, case: &Case) -> Option<Class> {
    let by = match case.occasion {
        Occasion::Answer => return Some(Class::Ok),
        Occasion::Failure => return Some(Class::Other),
        Occasion::Outage => return Some(Class::Overload),
        Occasion::TooLarge { .. } => return Some(Class::TooLarge),
        Occasion::Busy { .. } => {
            return Some(match dialect {
                Dialect::OpenAi | Dialect::Cerebras | Dialect::Mistral | Dialect::OpenRouter => {
                    Class::Overload
                }
                _ => Class::Pace,
            });
        }
        Occasion::Refusal { by, .. } => &case.limits[by],
    };
    let told = match dialect {
        Dialect::Mistral => is_named(by) && by.remaining == 0,
        _ => blamed(dialect, case).is_some(),
    };
    if !(told && is_long(by)) {
        return Some(Class::Pace);
    }
    // A limit of a day that refills all the time, and says so, is a matter of pace.
    let Some(wait) = wait(dialect, case) else {
        return Some(Class::Quota);
    };
    let words = blamed(dialect, case)?;
    if words.window == Some(LimitWindow::Month) {
        return Some(Class::Quota);
    }
    let missing = match (words, case.occasion) {
        (Blamed { used: Some(_), .. }, Occasion::Refusal { requested, .. }) => {
            requested - by.remaining
        }
        // Without the numbers, nobody knows how many tokens are missing; and months differ in length.
        (blamed, _) if blamed.metric == Metric::Tokens => return Some(Class::Quota),
        _ => 1,
    };
    let refill = by.refill(missing);
    let off = wait.abs_diff(refill);
    let tolerance = (refill / 100).max(SECOND);
    match off.abs_diff(tolerance) {
        close if close < MILLI => None,
        _ if off < tolerance => Some(Class::Pace),
        _ => Some(Class::Quota),
    }
}
