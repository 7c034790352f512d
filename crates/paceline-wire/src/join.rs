//! One list of readings, in which a limit that is named twice stands once.

use alloc::vec::Vec;

use paceline_core::{LimitReading, Metric};

/// Adds what is read to a list: to the reading of the same limit, if there is one.
///
/// Two readings are of the same limit if they contradict each other in nothing, and agree in what they
/// count or in how much is allowed; one that does not say what it counts may also be the one that is
/// used up. If several could be meant, the one that is used up is; if none is, or several are, nobody
/// is blamed in their place.
pub(crate) fn join(limits: &mut Vec<LimitReading>, new: LimitReading) {
    let same = |old: &LimitReading| {
        let unknown = [old.metric, new.metric].contains(&Metric::Unknown);
        let evidence = (old.metric == new.metric && !unknown)
            || (new.limit.is_some() && old.limit == new.limit)
            || (new.metric == Metric::Unknown && old.is_exhausted());
        evidence
            && (unknown || old.metric == new.metric)
            && agree(&old.window, &new.window)
            && agree(&old.limit, &new.limit)
            && agree(&old.name, &new.name)
            && agree(&old.reset_at, &new.reset_at)
            && agree(&old.remaining, &new.remaining)
    };
    let only = |accepts: &dyn Fn(&LimitReading) -> bool| {
        let mut found = limits.iter().enumerate().filter(|(_, old)| accepts(old));
        let (at, _) = found.next()?;
        found.next().is_none().then_some(at)
    };
    let at = only(&same).or_else(|| only(&|old| same(old) && old.is_exhausted()));
    match at {
        Some(at) => fill(&mut limits[at], new),
        None => limits.push(new),
    }
}

fn agree<T: PartialEq>(old: &Option<T>, new: &Option<T>) -> bool {
    old.is_none() || new.is_none() || old == new
}

fn fill(old: &mut LimitReading, new: LimitReading) {
    if old.metric == Metric::Unknown {
        old.metric = new.metric;
    }
    old.name = old.name.take().or(new.name);
    old.window = old.window.or(new.window);
    old.limit = old.limit.or(new.limit);
    old.remaining = old.remaining.or(new.remaining);
    old.used = old.used.or(new.used);
    old.used_millionths = old.used_millionths.or(new.used_millionths);
    old.requested = old.requested.or(new.requested);
    old.reset_at = old.reset_at.or(new.reset_at);
    old.refused |= new.refused;
}
