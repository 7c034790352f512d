use std::time::Duration;

use paceline_adaptive::{AimdRate, CubicRate, LearnedLimits, LearnedReceipts, Rate};
use paceline_composite::{Admit, ByDimension, Receipts, SettleError};
use paceline_core::{
    Class, Demand, Denied, Dimension, Feedback, LimitWindow, Limiter, Quota, Timestamp,
};
use paceline_gcra::Gcra;

use super::{adjust::Adjust, bounds, limiters, observe::Holder, stated::Stated};
use crate::scenario::{
    learning::Pace,
    limit::{Kind, RateLimit},
    provider::Provider,
    strategy::Strategy,
};

/// What a client knows of the limits of one key: what it was told, learned, or found out by refusals.
pub(crate) struct Limits {
    stated: Stated,
    /// The most that each of them can hold, and whether it keeps what is not spent.
    most: Vec<(u64, bool)>,
    reserve: u64,
    learned: Option<LearnedLimits>,
    found: Option<Found>,
}

/// A rate on requests that refusals tell.
enum Found {
    Cubic(CubicRate),
    Aimd(AimdRate),
}

impl Found {
    fn limiter(&self) -> &dyn Limiter {
        match self {
            Self::Cubic(rate) => rate,
            Self::Aimd(rate) => rate,
        }
    }

    fn limiter_mut(&mut self) -> &mut dyn Limiter {
        match self {
            Self::Cubic(rate) => rate,
            Self::Aimd(rate) => rate,
        }
    }
}

/// What a request was charged.
pub(crate) struct Charged {
    stated: Option<Receipts>,
    learned: Option<Box<LearnedReceipts>>,
}

impl Limits {
    /// Makes the limits that a strategy keeps for a key of a provider.
    pub(crate) fn new(strategy: &Strategy, provider: &Provider, start: Timestamp) -> Self {
        let mut told = told(strategy, provider);
        let learned = strategy
            .learn
            .then(|| told.by_ref().fold(LearnedLimits::new(start), with_limit));
        // Limits that learn have taken all of them, if there are any.
        let told: Vec<&RateLimit> = told.collect();
        let most = told.iter().map(|rate| {
            let keeps = matches!(rate.kind, Kind::Gcra | Kind::TokenBucket);
            (rate.quota.burst(), keeps)
        });
        let spaced = strategy.spacing_s.map(|spacing| {
            // Units in the scenario are checked, so a quota of one per spacing exists.
            Gcra::new(Quota::new(1, spacing.get()).unwrap_or(Quota::UNLIMITED))
        });
        let most = most.collect();
        let stated = match strategy.settle {
            None => {
                let told = told.into_iter();
                let limits = told.map(|rate| (rate.counts, limiters::limiter(rate, start)));
                let spaced = spaced.map(|gcra| -> Box<dyn Adjust> { Box::new(gcra) });
                let spaced = spaced.map(|limiter| (Dimension::Requests, limiter));
                Stated::Standing(limits.chain(spaced).collect())
            }
            Some(policy) => {
                let told = told.into_iter();
                let limits =
                    told.map(|rate| (rate.counts, limiters::settling(rate, policy, start)));
                let spaced = spaced.map(|gcra| (Dimension::Requests, limiters::standing(gcra)));
                Stated::Settled(ByDimension::new(limits.chain(spaced)))
            }
        };
        Self {
            stated,
            most,
            reserve: strategy.reserve.get().into(),
            learned,
            found: strategy.pace.map(|pace| found(pace, start)),
        }
    }

    /// The largest share that a request takes of a stated limit on tokens, in millionths; its tokens, if none is
    /// stated.
    pub(crate) fn size(&self, demand: Demand) -> u64 {
        let of = |((counts, _), (most, _)): ((Dimension, _), &(u64, bool))| {
            let most = u128::from(*most).max(1);
            let share = u128::from(counts.cost(demand)) * 1_000_000 / most;
            (counts != Dimension::Requests).then(|| u64::try_from(share).unwrap_or(u64::MAX))
        };
        let shares = self.stated.each().zip(&self.most).filter_map(of);
        shares
            .max()
            .unwrap_or_else(|| Dimension::Tokens.cost(demand))
    }

    /// Asks whether limits on tokens hold enough for others beside this request.
    fn check_reserve(&self, now: Timestamp, demand: Demand) -> Result<(), Denied> {
        if self.reserve == 1 {
            return Ok(());
        }
        let ask = |((counts, limiter), (most, keeps)): ((Dimension, &dyn Limiter), &_)| {
            let cost = counts.cost(demand);
            let wanted = cost.saturating_mul(self.reserve).min(*most).max(cost);
            let asks = *keeps && counts != Dimension::Requests;
            asks.then(|| limiter.check(now, wanted).err())?
        };
        let denials = self.stated.each().zip(&self.most).filter_map(ask);
        denials.reduce(Denied::and).map_or(Ok(()), Err)
    }

    /// Charges tokens of an answer that nobody knew before.
    pub(crate) fn produced(&mut self, now: Timestamp, output_tokens: u64) {
        let demand = Demand {
            output_tokens,
            ..Demand::default()
        };
        drop(Admit::charge(self, now, demand));
    }

    /// How many requests like this one conform at `now`, as far as is known.
    pub(super) fn available(&self, now: Timestamp, demand: Demand) -> u64 {
        let dimensions = [
            Dimension::Requests,
            Dimension::InputTokens,
            Dimension::OutputTokens,
            Dimension::Tokens,
        ];
        let of = |dimension: Dimension| {
            let stated = self.stated.available(now, dimension);
            let learned = self.learned.as_ref();
            let learned = learned.map_or(u64::MAX, |limits| limits.available(now, dimension));
            stated.min(learned) / dimension.cost(demand).max(1)
        };
        dimensions.into_iter().map(of).min().unwrap_or(u64::MAX)
    }
}

impl Limits {
    /// Which of them holds a request for longest at `now`, if any does.
    pub(super) fn holder(&self, now: Timestamp, demand: Demand) -> Option<(Holder, Denied)> {
        let stated = self.stated.holder(now, demand).map(|(index, denied)| {
            let told = index < self.most.len();
            let by = told.then_some(Holder::Stated(index));
            (by.unwrap_or(Holder::Spacing), denied)
        });
        let reserve = self.check_reserve(now, demand).err();
        let learned = self.learned.as_ref();
        let learned = learned.and_then(|limits| limits.check(now, demand).err());
        let found = self.found.as_ref().map(Found::limiter);
        let found = found.and_then(|rate| rate.check(now, demand.requests).err());
        let holders = [
            stated,
            reserve.map(|denied| (Holder::Reserve, denied)),
            learned.map(|held| (Holder::Learned(held.dimension), held.denied)),
            found.map(|denied| (Holder::Found, denied)),
        ];
        holders.into_iter().flatten().reduce(bounds::stricter)
    }
}

/// The limits on cells that a strategy is told of for a key of a provider, in the order in which it keeps them.
pub fn told<'a>(
    strategy: &'a Strategy,
    provider: &'a Provider,
) -> impl Iterator<Item = &'a RateLimit> {
    let from = strategy.limits_from.as_ref();
    let from = from.map_or(&[][..], |from| from.of(provider));
    limiters::rates(&strategy.limits).chain(limiters::rates(from))
}

impl Admit for Limits {
    type Cost = Demand;
    type Receipt = Charged;

    fn check(&self, now: Timestamp, demand: Demand) -> Result<(), Denied> {
        let found = self.found.as_ref().map(Found::limiter);
        let answers = [
            self.stated.check(now, demand),
            self.check_reserve(now, demand),
            self.learned
                .as_ref()
                .map_or(Ok(()), |limits| Admit::check(limits, now, demand)),
            found.map_or(Ok(()), |rate| rate.check(now, demand.requests)),
        ];
        let denials = answers.into_iter().filter_map(Result::err);
        denials.reduce(Denied::and).map_or(Ok(()), Err)
    }

    fn charge(&mut self, now: Timestamp, demand: Demand) -> Charged {
        if let Some(found) = &mut self.found {
            found.limiter_mut().charge(now, demand.requests);
        }
        Charged {
            stated: self.stated.charge(now, demand),
            learned: self
                .learned
                .as_mut()
                .map(|limits| Box::new(Admit::charge(limits, now, demand))),
        }
    }

    fn settle(
        &mut self,
        now: Timestamp,
        charged: Charged,
        actual: Demand,
    ) -> Result<(), SettleError> {
        let learned = match (&mut self.learned, charged.learned) {
            (Some(limits), Some(receipts)) => Admit::settle(limits, now, *receipts, actual),
            _ => Ok(()),
        };
        let stated = self.stated.settle(now, charged.stated, actual);
        stated.and(learned)
    }

    fn observe(&mut self, now: Timestamp, sent_at: Timestamp, feedback: &Feedback) {
        if let Some(learned) = &mut self.learned {
            learned.observe(now, sent_at, feedback);
        }
        let refused = matches!(feedback.class, Class::Pace | Class::Quota);
        let served = feedback.class == Class::Ok;
        match &mut self.found {
            Some(Found::Cubic(rate)) if refused => rate.throttled(now),
            Some(Found::Cubic(rate)) if served => rate.succeeded(now),
            Some(Found::Aimd(rate)) if refused => rate.throttled(now, sent_at),
            Some(Found::Aimd(rate)) if served => rate.succeeded(now, sent_at),
            _ => {}
        }
    }
}

/// Tells a set that learns of one limit more.
fn with_limit(limits: LearnedLimits, rate: &RateLimit) -> LearnedLimits {
    let month = matches!(rate.kind, Kind::Calendar { .. })
        && rate.quota.period() >= Duration::from_secs(28 * 86_400);
    let window = if month {
        LimitWindow::Month
    } else {
        LimitWindow::Span(rate.quota.period())
    };
    limits.with_limit(rate.counts, rate.quota.limit(), window)
}

fn found(pace: Pace, start: Timestamp) -> Found {
    match pace {
        Pace::Cubic {} => Found::Cubic(CubicRate::new(start)),
        Pace::Aimd {
            requests_per_min,
            burst,
        } => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, and saturating where it is huge"
            )]
            let picos = (requests_per_min.get() / 60.0 * 1e12) as u64;
            Found::Aimd(AimdRate::new(Rate::from_picos(picos), burst.get()))
        }
    }
}
