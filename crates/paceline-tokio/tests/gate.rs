//! One refusal pauses everybody, and they come back one at a time.

use std::time::Duration;

use paceline_admission::Gate as Pause;
use paceline_core::Quota;
use paceline_gcra::Gcra;
use paceline_tokio::{Gate, Throttle};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn siblings_wait_for_the_hint_and_then_pass_one_by_one() {
    let pause = Pause::new(1).with_spacing(SECOND / 10, MS);
    let gate = Gate::new(pause.expect("in range"));
    let sent_at = gate.pass().await;
    let start = Instant::now();
    gate.close(sent_at, Some(20 * SECOND));
    let siblings: Vec<_> = (0..100)
        .map(|_| {
            let gate = gate.clone();
            tokio::spawn(async move {
                gate.pass().await;
                start.elapsed()
            })
        })
        .collect();
    sleep(SECOND).await;
    assert_eq!(gate.waiting(), 100);
    // Siblings that were under way hear a refusal too, and prolong the pause at most.
    gate.close(sent_at, Some(5 * SECOND));
    let mut last = 20 * SECOND;
    for (index, sibling) in siblings.into_iter().enumerate() {
        let passed = sibling.await.expect("no panic");
        assert!(passed >= last, "sibling {index} passed at {passed:?}");
        // Half of the spacing, which narrows as they pass.
        last = passed + if index < 40 { 25 * MS } else { 8 * MS };
    }
    assert!(last > 23 * SECOND && last < 30 * SECOND, "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_closes_the_throttle_for_all_who_share_it() {
    let throttle = Throttle::new(Gcra::new(Quota::UNLIMITED));
    let sibling = throttle.clone();
    let admitted = throttle.acquire(1).await.expect("unlimited");
    let start = Instant::now();
    admitted.refused(Some(3 * SECOND));
    assert!(sibling.try_acquire(1).is_err());
    drop(sibling.acquire(1).await);
    let waited = start.elapsed();
    assert!(
        3 * SECOND <= waited && waited <= 3 * SECOND + 102 * MS,
        "{waited:?}"
    );
}
