use alloc::vec::Vec;
use core::time::Duration;

use paceline_core::{Rng, Timestamp};

use crate::{Growth, Scope, Target};

/// What refusals exclude, by scope.
///
/// Targets share the entry of a key, a model or a provider: it is that of the first of them in the
/// list. So there are as many entries as there are scopes and targets, whatever was refused.
#[derive(Clone, Debug)]
pub(crate) struct Cooldowns(Vec<Scopes>);

/// The scopes of one target.
#[derive(Clone, Debug)]
struct Scopes {
    /// The target whose entry counts, for each scope.
    first: [usize; 4],
    own: [Cooldown; 4],
}

/// One exclusion, and what it learned.
#[derive(Clone, Copy, Debug, Default)]
struct Cooldown {
    /// Excluded before this time; `None` if it never was.
    until: Option<Timestamp>,
    /// When a refusal was last counted: refusals of requests sent until then belong to it.
    counted_at: Option<Timestamp>,
    /// Refusals without a stated end since the last success.
    streak: u32,
}

const SCOPES: [Scope; 4] = [Scope::Target, Scope::Key, Scope::Model, Scope::Provider];

/// Whether a refusal of one target in this scope is about the other one too.
fn covers(scope: Scope, a: &Target, b: &Target) -> bool {
    let provider = a.provider == b.provider;
    let (key, model) = (a.key == b.key, a.model == b.model);
    match scope {
        Scope::Target => provider && key && model,
        Scope::Key => provider && key,
        Scope::Model => provider && model,
        Scope::Provider => provider,
    }
}

impl Cooldowns {
    pub(crate) fn new(targets: &[Target]) -> Self {
        let scopes = targets.iter().enumerate().map(|(index, target)| {
            let first = SCOPES.map(|scope| {
                let mut all = targets.iter();
                let found = all.position(|other| covers(scope, other, target));
                found.unwrap_or(index)
            });
            Scopes {
                first,
                own: <[Cooldown; 4]>::default(),
            }
        });
        Self(scopes.collect())
    }

    /// Until when a target is excluded, if it is.
    pub(crate) fn excluded_until(&self, now: Timestamp, target: usize) -> Option<Timestamp> {
        self.ends(target).filter(|&until| now < until).max()
    }

    /// How long ago the last exclusion of a target ended; `None` if there was none, or is one.
    pub(crate) fn back_for(&self, now: Timestamp, target: usize) -> Option<Duration> {
        let ended_at = self.ends(target).max().filter(|&until| until <= now)?;
        Some(now.saturating_duration_since(ended_at))
    }

    /// Excludes until a stated time, or longer if that was known.
    pub(crate) fn exclude(&mut self, target: usize, scope: Scope, until: Timestamp) {
        if let Some(cooldown) = self.entry(target, scope) {
            cooldown.prolong(until);
        }
    }

    /// Excludes for a while that grows, on top of what the server said.
    ///
    /// A refusal of a request that was sent before the last one was counted is no news: it may
    /// prolong the exclusion by what the server said, and does not make it grow.
    pub(crate) fn grow(
        &mut self,
        (target, scope): (usize, Scope),
        (sent_at, now): (Timestamp, Timestamp),
        hint: Option<Duration>,
        growth: Growth,
        rng: &mut (impl Rng + ?Sized),
    ) {
        let Some(cooldown) = self.entry(target, scope) else {
            return;
        };
        let hinted = now.saturating_add(hint.unwrap_or_default());
        if cooldown.counted_at.is_some_and(|at| sent_at <= at) {
            cooldown.prolong(hinted);
            return;
        }
        cooldown.prolong(hinted.saturating_add(growth.draw(cooldown.streak, rng)));
        cooldown.streak = cooldown.streak.saturating_add(1);
        cooldown.counted_at = Some(now);
    }

    /// Ends the growth of whatever a served request shows to be well again.
    pub(crate) fn succeeded(&mut self, target: usize, sent_at: Timestamp) {
        for scope in SCOPES {
            if let Some(cooldown) = self.entry(target, scope)
                && cooldown.counted_at.is_none_or(|at| at < sent_at)
            {
                cooldown.streak = 0;
            }
        }
    }

    /// Ends an exclusion and its growth.
    pub(crate) fn reinstate(&mut self, now: Timestamp, target: usize, scope: Scope) {
        if let Some(cooldown) = self.entry(target, scope) {
            cooldown.until = cooldown.until.map(|until| until.min(now));
            cooldown.streak = 0;
        }
    }

    /// When the exclusions of a target end or ended.
    fn ends(&self, target: usize) -> impl Iterator<Item = Timestamp> {
        let scopes = self.0.get(target).into_iter();
        scopes
            .flat_map(|scopes| scopes.first.iter().enumerate())
            .filter_map(|(scope, &first)| self.0.get(first)?.own.get(scope)?.until)
    }

    fn entry(&mut self, target: usize, scope: Scope) -> Option<&mut Cooldown> {
        let scope = SCOPES.iter().position(|&other| other == scope)?;
        let first = *self.0.get(target)?.first.get(scope)?;
        self.0.get_mut(first)?.own.get_mut(scope)
    }
}

impl Cooldown {
    fn prolong(&mut self, until: Timestamp) {
        self.until = self.until.max(Some(until));
    }
}
