use paceline_backoff::StatelessJitter;
use paceline_core::Rng as _;
use rand_chacha::rand_core::Rng as _;

use crate::{
    engine::Streams,
    scenario::{
        strategy::Strategy,
        workload::{Assign, Workload},
    },
    workload::Job,
};

/// Whose request each is, among the clients of a strategy.
pub(crate) struct Assignment {
    clients: u64,
    /// By the place of the workload.
    ways: Vec<Assign>,
    lots: StatelessJitter,
}

impl Assignment {
    pub(crate) fn new(strategy: &Strategy, workloads: &[Workload], streams: Streams) -> Self {
        Self {
            clients: u64::from(strategy.clients.get()),
            ways: workloads.iter().map(|it| it.assign).collect(),
            lots: StatelessJitter::new(streams.named("assignment").next_u64()),
        }
    }

    /// The number of the client, which a session keeps.
    pub(crate) fn client_of(&self, job: &Job) -> usize {
        if self.clients == 1 {
            return 0;
        }
        let number = job.session().map_or(job.id, u64::from);
        let way = self.ways.get(job.workload as usize).copied();
        let client = match way.unwrap_or_default() {
            Assign::InTurn => number % self.clients,
            Assign::AtRandom => self.lots.rng(number, 0).next_u64() % self.clients,
        };
        usize::try_from(client).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Among ten clients.
    fn assignment(way: Assign) -> Assignment {
        Assignment {
            clients: 10,
            ways: vec![way],
            lots: StatelessJitter::new(4),
        }
    }

    /// How many requests each client has of 10,000.
    fn shares(assignment: &Assignment) -> [u32; 10] {
        let mut shares = [0; 10];
        for id in 0..10_000 {
            shares[assignment.client_of(&Job::smallest(id))] += 1;
        }
        shares
    }

    #[test]
    fn in_turn_all_have_as_many_and_by_lot_as_many_as_by_chance() {
        assert_eq!(shares(&assignment(Assign::InTurn)), [1_000; 10]);
        let shares = shares(&assignment(Assign::AtRandom));
        let squares = shares.iter().map(|share| share.abs_diff(1_000).pow(2));
        // A chi-squared of nine degrees of freedom is within these bounds but once in 1,000.
        let spread = f64::from(squares.sum::<u32>()) / 1_000.0;
        assert!((0.8..34.0).contains(&spread), "{shares:?}");
    }

    #[test]
    fn a_session_keeps_its_client() {
        for way in [Assign::InTurn, Assign::AtRandom] {
            let assignment = assignment(way);
            for session in 0..100 {
                let client = |place| {
                    assignment.client_of(&Job::smallest(Job::id_in_session(session, place)))
                };
                assert!((1..20).all(|place| client(place) == client(0)));
            }
        }
    }
}
