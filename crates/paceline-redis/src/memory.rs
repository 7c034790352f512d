use std::{num::NonZeroU32, time::Duration};

use paceline_core::{Demand, Denied, Limiter, Timestamp};
use redis::ScriptInvocation;

use crate::{
    Outage, SharedLimit,
    outage::{shadow, share},
    plan::{Carried, Kind, Known, Plan},
    reply::Reply,
};

/// What a process remembers of what it shares.
pub(crate) struct Memory {
    /// The server's clock less ours, in microseconds.
    ahead: i64,
    each: Vec<OfLimit>,
}

struct OfLimit {
    carried: Carried,
    /// When what is owed does not count any more, by the server's clock, in microseconds.
    owed_until: u64,
    /// This process's share, if it has one.
    share: Option<Box<dyn Limiter + Send>>,
}

impl Memory {
    pub(crate) fn new(limits: &[SharedLimit], plans: &[Plan], outage: Outage) -> Self {
        let each = plans.iter().map(|plan| OfLimit {
            carried: Carried::default(),
            owed_until: u64::MAX,
            share: match outage {
                Outage::LocalShare { processes } => share(&limits[plan.place - 1], processes),
                Outage::Closed | Outage::Open => None,
            },
        });
        Self {
            ahead: 0,
            each: each.collect(),
        }
    }

    /// What the server's clock probably shows, in microseconds.
    fn server_now(&self, now: Timestamp) -> u64 {
        (now.as_nanos() / 1_000).saturating_add_signed(self.ahead)
    }

    /// Learns what the server's clock shows.
    pub(crate) fn set_server_now(&mut self, now: Timestamp, server_now: u64) {
        let ahead = i128::from(server_now) - i128::from(now.as_nanos() / 1_000);
        self.ahead = i64::try_from(ahead).unwrap_or(0);
    }

    /// Adds all limits to a question. What is owed goes with it.
    pub(crate) fn ask(
        &mut self,
        question: &mut ScriptInvocation<'_>,
        plans: &[Plan],
        demand: Demand,
        now: Timestamp,
        hold: u64,
    ) -> Vec<Carried> {
        let server_now = self.server_now(now);
        let each = plans.iter().zip(&mut self.each);
        let carried = each.map(|(plan, memory)| {
            memory.forget(server_now);
            if let Some(window) = plan.window() {
                let [begins, ends, _] = memory.carried.boundaries;
                if !(begins..ends).contains(&server_now) {
                    let at = Timestamp::from_nanos(server_now.saturating_mul(1_000));
                    memory.carried.boundaries = window.boundaries(at);
                }
            }
            let carried = memory.carried;
            memory.carried.owed = 0;
            plan.ask(question, plan.cost(demand), carried, hold);
            carried
        });
        carried.collect()
    }

    /// Owes again what a question carried that was not answered.
    pub(crate) fn take_back(&mut self, carried: &[Carried]) {
        for (memory, carried) in self.each.iter_mut().zip(carried) {
            memory.carried.owed = memory.carried.owed.saturating_add(carried.owed);
        }
    }

    /// Learns from an answer.
    pub(crate) fn learn(
        &mut self,
        plans: &[Plan],
        carried: &[Carried],
        reply: &Reply,
        now: Timestamp,
    ) {
        self.set_server_now(now, reply.now);
        let told = plans.iter().zip(&reply.told).zip(carried);
        for (((plan, told), carried), memory) in told.zip(&mut self.each) {
            if plan.window().is_none() {
                continue;
            }
            let [ends, epoch, granted, given] = *told;
            let known = &mut memory.carried.known;
            if (ends, epoch) == (known.ends, known.epoch) {
                known.granted = known.granted.max(granted);
                known.given = known.given.max(given);
            } else if *known == carried.known || known.ends <= reply.now {
                // Unless more became known while the question was under way, which is told next.
                *known = Known {
                    ends,
                    epoch,
                    granted,
                    given,
                };
            }
        }
    }

    /// Lets the shares follow what the store granted.
    pub(crate) fn follow(&mut self, plans: &[Plan], demand: Demand, now: Timestamp) {
        for (plan, memory) in plans.iter().zip(&mut self.each) {
            if let Some(share) = &mut memory.share {
                shadow(share.as_mut(), now, plan.cost(demand));
            }
        }
    }

    /// Admits a demand out of this process's shares, or says when they do.
    pub(crate) fn admit_alone(
        &mut self,
        plans: &[Plan],
        demand: Demand,
        now: Timestamp,
        processes: NonZeroU32,
    ) -> Result<(), Alone> {
        let server_now = self.server_now(now);
        let mut strictest = None::<Denied>;
        for (plan, memory) in plans.iter().zip(&mut self.each) {
            let cost = plan.cost(demand);
            memory.forget(server_now);
            let answer = match (&plan.kind, &memory.share) {
                (Kind::Quota { limit, .. }, _) => {
                    memory.check_quota(*limit, cost, processes, server_now, now)
                }
                (_, Some(share)) => share.check(now, cost),
                (_, None) => Err(Denied::TooLarge { max: 0 }),
            };
            if let Err(denied) = answer {
                strictest = Some(strictest.map_or(denied, |other| other.and(denied)));
            }
        }
        match strictest {
            Some(Denied::Until(at)) => return Err(Alone::Until(at)),
            Some(Denied::TooLarge { .. }) => return Err(Alone::Never),
            None => {}
        }
        for (plan, memory) in plans.iter().zip(&mut self.each) {
            if let Some(share) = &mut memory.share {
                share.charge(now, plan.cost(demand));
            }
        }
        self.owe(plans, demand, now);
        Ok(())
    }

    /// Notes what was spent without the store.
    pub(crate) fn owe(&mut self, plans: &[Plan], demand: Demand, now: Timestamp) {
        let server_now = self.server_now(now);
        for (plan, memory) in plans.iter().zip(&mut self.each) {
            memory.forget(server_now);
            let cost = plan.cost(demand);
            if let (0, Some(window)) = (memory.carried.owed, plan.window()) {
                let known = memory.carried.known.ends;
                let at = Timestamp::from_nanos(server_now.saturating_mul(1_000));
                memory.owed_until = match known > server_now {
                    true => known,
                    false => window.ends_after(at).as_nanos() / 1_000,
                };
            }
            memory.carried.owed = memory.carried.owed.saturating_add(cost);
        }
    }

    /// Notes that less was spent without the store.
    pub(crate) fn owe_less(&mut self, plans: &[Plan], demand: Demand) {
        for (plan, memory) in plans.iter().zip(&mut self.each) {
            memory.carried.owed = memory.carried.owed.saturating_sub(plan.cost(demand));
        }
    }

    /// What is owed to the first limit.
    #[cfg(test)]
    pub(crate) fn owed(&self) -> u64 {
        self.each[0].carried.owed
    }

    /// What is known to be granted of the first limit.
    #[cfg(test)]
    pub(crate) fn granted(&self) -> u64 {
        self.each[0].carried.known.granted
    }

    /// Whether there is something that the store should be told before anybody asks.
    pub(crate) fn has_to_tell(&self, now: Timestamp) -> bool {
        let server_now = self.server_now(now);
        self.each.iter().any(|memory| {
            let known = memory.carried.known;
            memory.carried.owed > 0 || (known.granted > 0 && known.ends > server_now)
        })
    }
}

impl OfLimit {
    /// What was owed in a window that has ended is not.
    const fn forget(&mut self, server_now: u64) {
        if self.owed_until <= server_now {
            self.carried.owed = 0;
            self.owed_until = u64::MAX;
        }
    }

    /// Asks this process's share of what a quota has left.
    fn check_quota(
        &self,
        limit: u64,
        cost: u64,
        processes: NonZeroU32,
        server_now: u64,
        now: Timestamp,
    ) -> Result<(), Denied> {
        let processes = u64::from(processes.get());
        let known = self.carried.known;
        let open = known.ends > server_now;
        let used = if open {
            known.granted.saturating_sub(known.given)
        } else {
            0
        };
        let share = limit.saturating_sub(used) / processes;
        if cost == 0 || self.carried.owed.saturating_add(cost) <= share {
            return Ok(());
        }
        let max = limit / processes;
        let ends = if open { known.ends } else { self.owed_until };
        if cost > max || ends == u64::MAX {
            return Err(Denied::TooLarge { max });
        }
        let wait = Duration::from_micros(ends.saturating_sub(server_now));
        Err(Denied::Until(now.saturating_add(wait)))
    }
}

/// Why a process's shares do not admit a demand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Alone {
    /// They do at this time.
    Until(Timestamp),
    /// They never do.
    Never,
}
