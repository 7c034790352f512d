use std::{cmp::Reverse, collections::BinaryHeap};

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};

use super::{arrivals::exponential, renewal::Renewal};
use crate::scenario::arrivals::{Active, ClientGaps, Clients, Shape};

/// The requests of many clients in one order, of each of whom the next one is known.
#[derive(Debug)]
pub(super) struct Population {
    clients: Vec<Client>,
    /// The time of the next request of each client, as bits: those of numbers above zero are in order.
    next: BinaryHeap<Reverse<(u64, usize)>>,
}

#[derive(Debug)]
struct Client {
    gaps: Renewal,
    spells: Option<Spells>,
    /// When its last request was.
    clock_s: f64,
}

/// When a client is there.
#[derive(Clone, Copy, Debug)]
struct Spells {
    mean_on_s: f64,
    mean_off_s: f64,
    /// When the one at hand ends.
    ends_s: f64,
}

impl Population {
    /// Begins somewhere in the middle: as clients who have been asking forever would be found.
    pub(super) fn new(clients: &Clients, rng: &mut ChaCha8Rng) -> Self {
        let weights =
            (1..=clients.count.get()).map(|place| f64::from(place).powf(-clients.zipf.get()));
        let all: f64 = weights.clone().sum();
        let share = clients.active.map_or(1.0, |active| active.share.get());
        let per_s = clients.rate_per_min.get() / 60.0 / share / all;
        let clients = weights.map(|weight| {
            let mean_gap_s = 1.0 / (per_s * weight);
            Client::new(clients.gaps, mean_gap_s, clients.active, rng)
        });
        let clients: Vec<Client> = clients.collect();
        let next = clients.iter().map(|client| client.clock_s.to_bits());
        let next = next.zip(0..).map(Reverse).collect();
        Self { clients, next }
    }

    /// The time of the next request.
    pub(super) fn next(&mut self, rng: &mut ChaCha8Rng) -> f64 {
        let Some(mut first) = self.next.peek_mut() else {
            return f64::INFINITY;
        };
        let Reverse((at, index)) = *first;
        let client = &mut self.clients[index];
        client.advance(rng);
        *first = Reverse((client.clock_s.to_bits(), index));
        f64::from_bits(at)
    }
}

impl Client {
    /// A client whose first request is known.
    fn new(
        gaps: ClientGaps,
        mean_gap_s: f64,
        active: Option<Active>,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let score: f64 = StandardNormal.sample(rng);
        let of = gaps.shape();
        let shape = Shape::clamped(of.shape.get() * (of.shape_sigma.get() * score).exp()).get();
        let gaps = match gaps {
            ClientGaps::Gamma(_) => Renewal::gamma(mean_gap_s, shape),
            ClientGaps::Weibull(_) => Renewal::weibull(mean_gap_s, shape),
        };
        let mut client = Self {
            spells: active
                .filter(|active| active.share.get() < 1.0)
                .map(|active| Spells::new(active, rng)),
            clock_s: 0.0,
            gaps,
        };
        let gap = client.gaps.residual(rng);
        client.pass(gap, rng);
        client
    }

    fn advance(&mut self, rng: &mut ChaCha8Rng) {
        let gap = self.gaps.draw(rng);
        self.pass(gap, rng);
    }

    /// Lets so much of its active time pass.
    fn pass(&mut self, active_s: f64, rng: &mut ChaCha8Rng) {
        self.clock_s += active_s;
        let Some(spells) = &mut self.spells else {
            return;
        };
        while self.clock_s > spells.ends_s && self.clock_s.is_finite() {
            let over = self.clock_s - spells.ends_s;
            let begins_s = spells.ends_s + spells.mean_off_s * exponential(rng);
            spells.ends_s = begins_s + spells.mean_on_s * exponential(rng);
            self.clock_s = begins_s + over;
        }
    }
}

impl Spells {
    fn new(active: Active, rng: &mut ChaCha8Rng) -> Self {
        let share = active.share.get();
        let mean_on_s = active.mean_s.get().as_secs_f64();
        let there: f64 = StandardUniform.sample(rng);
        // Exponential spells have no memory, so the rest of one is as long as a whole one.
        let left_s = mean_on_s * exponential(rng);
        Self {
            mean_on_s,
            mean_off_s: mean_on_s * (1.0 - share) / share,
            ends_s: if there < share { left_s } else { 0.0 },
        }
    }
}
