use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

/// The time in which every thread made so many decisions, started together.
///
/// Each thread decides through what `worker` makes of its number.
pub fn together<W: FnMut() -> bool>(
    threads: u64,
    rounds: u64,
    worker: impl Fn(u64) -> W + Sync,
) -> Duration {
    let barrier = Barrier::new(usize::try_from(threads).unwrap_or(1));
    let (barrier, worker) = (&barrier, &worker);
    let run = move |index| {
        let mut decide = worker(index);
        barrier.wait();
        let start = clock();
        for _ in 0..rounds {
            black_box(decide());
        }
        start.elapsed()
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|index| scope.spawn(move || run(index)))
            .collect();
        let mine = run(0);
        let theirs = others
            .into_iter()
            .map(|thread| thread.join().unwrap_or_default());
        theirs.fold(mine, Duration::max)
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn clock() -> Instant {
    Instant::now()
}
