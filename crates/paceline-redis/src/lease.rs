use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use paceline_admission::Priority;
use paceline_core::{Demand, Timestamp};
use tokio::time::sleep;

use crate::{
    Admitted, breaker,
    charge::{Charge, Source, give_back},
    counters::count,
    line::Pass,
    plan::{Kind, Plan},
    reply::Verdict,
    throttle::Shared,
};

/// Requests that were taken from the store at once, and are handed out in this process until they expire.
pub(crate) struct Lease {
    /// How many are held at most.
    size: u64,
    /// How long after they were asked for they may be handed out.
    expiry: Duration,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    batches: VecDeque<Batch>,
    next_serial: u64,
    /// Whether somebody is asking for more before these are used up.
    prefetching: bool,
    /// When the store grants more, if it denied.
    not_before: Timestamp,
}

struct Batch {
    serial: u64,
    size: u64,
    left: u64,
    expires_at: Timestamp,
    told: Vec<[u64; 4]>,
}

impl Lease {
    /// A lease of so many requests at most, fewer if they replenish more slowly than they expire.
    ///
    /// `None` if the limits cannot be leased.
    pub(crate) fn new(size: u64, expiry: Duration, plans: &[Plan]) -> Option<Self> {
        let in_range = Duration::from_millis(1)..=Duration::from_secs(60);
        if size == 0 || !in_range.contains(&expiry) {
            return None;
        }
        let mut most = size;
        for plan in plans {
            let Kind::Gcra(spans) = &plan.kind else {
                return None;
            };
            if plan.dimension != paceline_core::Dimension::Requests || size > spans.burst / 2 {
                return None;
            }
            most = most.min(spans.within(expiry));
        }
        Some(Self {
            size: most.max(1),
            expiry,
            held: Mutex::default(),
        })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many to ask the store for, to serve a request for so many.
    pub(crate) fn to_ask(&self, requests: u64) -> Option<u64> {
        (1..=self.size).contains(&requests).then_some(self.size)
    }
}

impl Held {
    fn left(&self, now: Timestamp) -> u64 {
        let live = self.batches.iter().filter(|batch| now < batch.expires_at);
        live.map(|batch| batch.left).sum()
    }

    /// Takes what expires first; `None` if there is not enough.
    fn take(&mut self, now: Timestamp, mut requests: u64) -> Option<()> {
        if requests == 0 || self.left(now) < requests {
            return None;
        }
        for batch in self
            .batches
            .iter_mut()
            .filter(|batch| now < batch.expires_at)
        {
            let taken = requests.min(batch.left);
            batch.left -= taken;
            requests -= taken;
        }
        // Their tasks find nothing to give back when they expire.
        self.batches.retain(|batch| batch.left > 0);
        Some(())
    }
}

impl Shared {
    /// Hands out a lease at once, if nobody waits and nothing else stands in the way.
    pub(crate) fn admit_leased(
        self: &Arc<Self>,
        demand: Demand,
        priority: Priority,
    ) -> Option<Admitted> {
        self.lease.as_ref()?;
        let (mut line, now) = self.line();
        if !line.is_empty() || !line.gate.spacing().is_zero() {
            return None;
        }
        let Pass::Ask(ticket) = line.pass(now) else {
            return None;
        };
        let place = line.place(now, priority);
        match self.take_leased(demand, now) {
            Some(charge) => Some(Admitted::new(charge, ticket, place)),
            None => {
                line.finish(ticket, now, paceline_concurrency::Outcome::Ignored);
                None
            }
        }
    }

    /// Takes a demand out of what is leased, and sees to it that more is fetched in time.
    pub(crate) fn take_leased(self: &Arc<Self>, demand: Demand, now: Timestamp) -> Option<Charge> {
        let lease = self.lease.as_ref()?;
        let mut held = lease.held();
        held.take(now, demand.requests)?;
        let more = lease.size.div_ceil(2);
        if held.left(now) + more <= lease.size && !held.prefetching && now >= held.not_before {
            held.prefetching = true;
            tokio::spawn(Arc::clone(self).prefetch(more));
        }
        drop(held);
        let shared = Arc::clone(self);
        Some(Charge::new(shared, demand, Source::Leased, now))
    }

    /// Holds what the store granted beyond what was asked for.
    pub(crate) fn hold_leased(
        self: &Arc<Self>,
        size: u64,
        used: u64,
        asked_at: Timestamp,
        told: Vec<[u64; 4]>,
    ) {
        let Some(lease) = &self.lease else { return };
        let mut held = lease.held();
        let serial = held.next_serial;
        held.next_serial += 1;
        held.batches.push_back(Batch {
            serial,
            size,
            left: size.saturating_sub(used),
            expires_at: asked_at.saturating_add(lease.expiry),
            told,
        });
        drop(held);
        let (shared, expiry) = (Arc::clone(self), lease.expiry);
        tokio::spawn(async move {
            sleep(expiry).await;
            shared.expire(serial);
        });
    }

    /// Gives back what is left of a batch that has expired.
    fn expire(self: &Arc<Self>, serial: u64) {
        let Some(lease) = &self.lease else { return };
        let mut held = lease.held();
        let index = held.batches.iter().position(|batch| batch.serial == serial);
        let batch = index.and_then(|index| held.batches.remove(index));
        drop(held);
        if let Some(batch) = batch {
            let used = requests(batch.size - batch.left);
            give_back(self, batch.told, requests(batch.size), used);
        }
    }

    /// Asks for more before what is held is used up, if the store answers.
    async fn prefetch(self: Arc<Self>, size: u64) {
        let asked_at = self.store.now();
        let answer = match self.store.pass() {
            breaker::Pass::Free => self.question("ask", requests(size)).await.ok(),
            // Whoever needs it next finds out.
            breaker::Pass::Probe | breaker::Pass::Stop => None,
        };
        let now = self.store.now();
        let mut not_before = now;
        if let Some(reply) = answer {
            match reply.verdict {
                Verdict::Granted { .. } => {
                    count(&self.counters.granted);
                    self.hold_leased(size, 0, asked_at, reply.told);
                }
                Verdict::Denied { wait, .. } => {
                    count(&self.counters.denied);
                    not_before = now.saturating_add(Duration::from_micros(wait));
                }
                Verdict::OtherTime | Verdict::Damaged { .. } => {}
            }
        }
        if let Some(lease) = &self.lease {
            let mut held = lease.held();
            held.prefetching = false;
            held.not_before = not_before;
        }
        self.line().0.change();
    }
}

/// A demand of requests alone.
pub(crate) const fn requests(requests: u64) -> Demand {
    Demand {
        requests,
        input_tokens: 0,
        output_tokens: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_handed_out_after_it_expires() {
        let at = |s: u64| Timestamp::from_nanos(s * 1_000_000_000);
        let batch = |serial, left, expires| Batch {
            serial,
            size: 10,
            left,
            expires_at: at(expires),
            told: Vec::new(),
        };
        let mut held = Held::default();
        held.batches.extend([batch(0, 2, 1), batch(1, 3, 2)]);
        assert_eq!(held.take(at(0), 6), None);
        // What expires first goes first.
        assert_eq!(held.take(at(0), 1), Some(()));
        assert_eq!(held.left(at(1)), 3);
        assert_eq!(held.take(at(1), 4), None);
        assert_eq!(held.take(at(1), 3), Some(()));
        assert_eq!(held.take(at(1), 1), None);
    }
}
