use std::{
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// How many threads ask at once.
const THREADS: usize = 100;
const ROUNDS: usize = 1_000;

/// Checks that of a hundred threads that ask at once exactly `most` are admitted, a thousand times.
///
/// `make` makes a limiter for a round, and `admits` asks it once. Which interleavings are met is luck; where a few
/// threads must be tried in all of them, use loom.
///
/// # Panics
///
/// Panics if more or fewer are admitted in some round.
#[track_caller]
pub fn threads_share_exactly<L: Sync>(
    most: usize,
    make: impl Fn() -> L,
    admits: impl Fn(&L) -> bool + Sync,
) {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| (make(), AtomicUsize::new(0))).collect();
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for (limiter, admitted) in &rounds {
                    barrier.wait();
                    if admits(limiter) {
                        admitted.fetch_add(1, Relaxed);
                    }
                }
            });
        }
    });
    for (round, (_, admitted)) in rounds.into_iter().enumerate() {
        assert_eq!(admitted.into_inner(), most, "round {round}");
    }
}
