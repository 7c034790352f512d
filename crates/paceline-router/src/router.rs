use alloc::vec::Vec;
use core::time::Duration;

use paceline_core::{Demand, Denied, Rng, Timestamp};

use crate::{Growth, NoRoute, Policy, Refusal, Scope, Target, cooldown::Cooldowns, draw};

/// No exclusion that ends by itself lasts longer by what a server says.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);

/// Chooses a target for each request, and learns from what targets answer.
///
/// The router holds no limits: for every decision it asks the caller, target by target, whether its
/// limits admit the request now. So any limiter will do, and one that several targets share is asked
/// for each of them. If some target admits the request and is not excluded, one such is chosen.
///
/// [Refusals](Refusal) exclude what they are about, up to their [scope](Scope), and a target returns
/// at the nanosecond at which the last of its exclusions ends. For a time after that, the *ramp*, it
/// takes part in a share of decisions that grows from none to all, so that not everybody returns to
/// it at once; if nobody else can serve, it does.
///
/// Targets are named by their place in the list, which does not change.
///
/// # Examples
///
/// ```
/// use paceline_core::{Demand, Denied, SplitMix64, Timestamp};
/// use paceline_router::{NoRoute, Policy, Refusal, Router, Scope, Target};
/// use std::time::Duration;
///
/// let targets = vec![
///     Target::new("anthropic", "team", "opus"),
///     Target::new("openai", "team", "gpt").with_priority(1),
/// ];
/// let mut router = Router::new(targets, Policy::Priority);
/// let (mut rng, demand) = (SplitMix64::new(7), Demand { requests: 1, ..Demand::default() });
/// let at = |s| Timestamp::EPOCH.saturating_add(Duration::from_secs(s));
///
/// // Both limits admit everything.
/// let route = router.route(at(0), demand, &mut rng, |_| Ok(1)).expect("both admit");
/// assert_eq!(route.target, 0);
/// let refusal = Refusal::Limited { scope: Scope::Target, until: Some(at(60)) };
/// router.refused(at(1), route, refusal, &mut rng);
/// assert_eq!(router.route(at(1), demand, &mut rng, |_| Ok(1)).map(|route| route.target), Ok(1));
///
/// // Our own limit of the other one is used up, until 90 s.
/// let limits = |target| match target {
///     0 => Ok(1),
///     _ => Err(Denied::Until(at(90))),
/// };
/// let until = Some(at(60));
/// assert_eq!(router.route(at(2), demand, &mut rng, limits), Err(NoRoute::AllExhausted { until }));
/// assert_eq!(router.route(at(60), demand, &mut rng, limits).map(|route| route.target), Ok(0));
/// ```
#[derive(Clone, Debug)]
pub struct Router {
    targets: Vec<Target>,
    policy: Policy,
    growth: Growth,
    ramp: Duration,
    cooldowns: Cooldowns,
}

/// Where a request goes, and since when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Route {
    /// The target's place in the list.
    pub target: usize,
    /// When it was chosen. What a request tells about a target is of this time, however late it is
    /// answered.
    pub sent_at: Timestamp,
}

/// The target that admits a request first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Next {
    /// The target's place in the list.
    pub target: usize,
    /// When it admits the request.
    pub at: Timestamp,
}

impl Router {
    /// Makes a router with the default [`Growth`] and a ramp of 10 s.
    ///
    /// An empty list is legal, and exhausted.
    pub fn new(targets: Vec<Target>, policy: Policy) -> Self {
        let cooldowns = Cooldowns::new(&targets);
        Self {
            targets,
            policy,
            growth: Growth::default(),
            ramp: Duration::from_secs(10),
            cooldowns,
        }
    }

    /// Sets for how long refusals without a stated end exclude.
    #[must_use]
    pub fn with_growth(self, growth: Growth) -> Self {
        Self { growth, ..self }
    }

    /// Sets how long a target takes to return in full after an exclusion; zero for at once.
    #[must_use]
    pub fn with_ramp(self, ramp: Duration) -> Self {
        Self { ramp, ..self }
    }

    /// The targets, in their order.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Until when refusals exclude a target, or `None` if none does.
    ///
    /// [`Timestamp::MAX`] means until it is [reinstated](Self::reinstate).
    pub fn excluded_until(&self, now: Timestamp, target: usize) -> Option<Timestamp> {
        self.cooldowns.excluded_until(now, target)
    }

    /// Chooses a target for a request.
    ///
    /// `ask` is asked once for each target: do your limits admit this request now, and if so, how
    /// much remains? Only [`Policy::Remaining`] heeds how much. Nothing is charged: charge the limits
    /// of the chosen target at the same `now`. To keep a retry from a target that has failed it, answer
    /// for that target with a denial.
    ///
    /// # Errors
    ///
    /// Says when to ask again, or that asking again is pointless.
    pub fn route(
        &self,
        now: Timestamp,
        demand: Demand,
        rng: &mut (impl Rng + ?Sized),
        ask: impl FnMut(usize) -> Result<u64, Denied>,
    ) -> Result<Route, NoRoute> {
        let answers = self.answers(now, ask);
        let open = || {
            let answers = answers.iter().zip(&self.targets).enumerate();
            answers.filter_map(|(index, (answer, target))| Some((index, target, answer.ok()?)))
        };
        let (returning, steady): (Vec<_>, Vec<_>) =
            open().partition(|&(index, ..)| self.holds_back(now, index, rng));
        let mut choice = if steady.is_empty() { returning } else { steady };
        let rank = |target| self.policy.rank(target, demand);
        if let Some(best) = choice.iter().map(|&(_, target, _)| rank(target)).min() {
            choice.retain(|&(_, target, _)| rank(target) == best);
        }
        let weights: Vec<_> = choice
            .iter()
            .map(|&(_, target, remaining)| self.policy.weight(target, remaining))
            .collect();
        let chosen = draw::weighted(&weights, rng).and_then(|place| choice.get(place));
        match chosen {
            Some(&(target, ..)) => Ok(Route {
                target,
                sent_at: now,
            }),
            None => Err(exhausted(&answers)),
        }
    }

    /// The target that admits a request first, whatever the policy: now, or in time.
    ///
    /// Of several at the same moment it is the first in the list. `ask` is as for
    /// [`route`](Self::route).
    ///
    /// # Errors
    ///
    /// Fails if none ever will by the passing of time alone.
    pub fn earliest(
        &self,
        now: Timestamp,
        ask: impl FnMut(usize) -> Result<u64, Denied>,
    ) -> Result<Next, NoRoute> {
        let answers = self.answers(now, ask);
        let times = answers.iter().enumerate().filter_map(|(target, answer)| {
            let at = answer.map_or_else(returns_at, |_| Some(now))?;
            Some(Next { target, at })
        });
        times
            .min_by_key(|next| next.at)
            .ok_or_else(|| exhausted(&answers))
    }

    /// Takes note that a target served a request, which ends the growth of its exclusions.
    ///
    /// A request that was sent before the last refusal tells nothing new. No exclusion ends early.
    pub fn succeeded(&mut self, route: Route) {
        self.cooldowns.succeeded(route.target, route.sent_at);
    }

    /// Takes note that a target refused a request, as became known at `now`.
    ///
    /// Of several ends, the latest holds. What a server says is not trusted beyond 31 days, the longest month
    /// that a quota can last: a target that no bill excludes comes back. A route to a target that is not in the list is ignored.
    pub fn refused(
        &mut self,
        now: Timestamp,
        route: Route,
        refusal: Refusal,
        rng: &mut (impl Rng + ?Sized),
    ) {
        let (scope, hint) = match refusal {
            Refusal::Limited {
                scope,
                until: Some(until),
            } if until > now => {
                let until = until.min(now.saturating_add(LONGEST));
                return self.cooldowns.exclude(route.target, scope, until);
            }
            Refusal::Billing => {
                let never = Timestamp::MAX;
                return self.cooldowns.exclude(route.target, Scope::Key, never);
            }
            // An end that has passed is none: who believes it asks at once, and is refused at once.
            Refusal::Limited { scope, .. } => (scope, None),
            Refusal::Overloaded { scope, retry_after } => {
                (scope, retry_after.map(|span| span.min(LONGEST)))
            }
        };
        let times = (route.sent_at, now);
        self.cooldowns
            .grow((route.target, scope), times, hint, self.growth, rng);
    }

    /// Ends the exclusion of one scope of a target, such as of a key whose bill is paid.
    pub fn reinstate(&mut self, now: Timestamp, target: usize, scope: Scope) {
        self.cooldowns.reinstate(now, target, scope);
    }

    /// What each target answers, its exclusions included.
    fn answers(
        &self,
        now: Timestamp,
        mut ask: impl FnMut(usize) -> Result<u64, Denied>,
    ) -> Vec<Result<u64, Denied>> {
        let answer = |target| match self.excluded_until(now, target) {
            None => ask(target),
            // What the limits admit by then, they admit later too.
            Some(until) => Err(ask(target).err().map_or(Denied::Until(until), |denied| {
                denied.and(Denied::Until(until))
            })),
        };
        (0..self.targets.len()).map(answer).collect()
    }

    /// Whether a target that has just returned sits this decision out.
    fn holds_back(&self, now: Timestamp, target: usize, rng: &mut (impl Rng + ?Sized)) -> bool {
        match self.cooldowns.back_for(now, target) {
            Some(back_for) if back_for < self.ramp => {
                draw::below(self.ramp.as_nanos(), rng) >= back_for.as_nanos()
            }
            _ => false,
        }
    }
}

/// When a denial ends by the passing of time.
fn returns_at(denied: Denied) -> Option<Timestamp> {
    denied.retry_at().filter(|&at| at < Timestamp::MAX)
}

fn exhausted(answers: &[Result<u64, Denied>]) -> NoRoute {
    let denials = || answers.iter().filter_map(|answer| answer.err());
    let too_large = |denied| matches!(denied, Denied::TooLarge { .. });
    if !answers.is_empty() && denials().all(too_large) {
        return NoRoute::TooLarge;
    }
    NoRoute::AllExhausted {
        until: denials().filter_map(returns_at).min(),
    }
}
