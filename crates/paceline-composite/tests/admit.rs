//! Code that is generic over what admits.

use paceline_composite::{Admit, ByDimension, Settling};
use paceline_core::{Demand, Denied, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::Gcra;

const NOW: Timestamp = Timestamp::EPOCH;

fn gcra() -> Gcra {
    Gcra::new(Quota::per_day(1_000))
}

/// Adapters drive single limiters and limits by dimension alike.
#[test]
fn what_one_admits_costs_what_it_cost_in_the_end() {
    fn admit<A: Admit>(limits: &mut A, estimate: A::Cost, actual: A::Cost) {
        assert_eq!(limits.check(NOW, estimate), Ok(()));
        let receipt = limits.charge(NOW, estimate);
        assert_eq!(limits.settle(NOW, receipt, actual), Ok(()));
    }
    let mut single = gcra();
    admit(&mut single, 400, 450);
    // What a single limiter charged stands.
    admit(&mut single, 100, 20);
    assert_eq!(Limiter::available(&single, NOW), 450);

    let tokens = |input_tokens| Demand {
        input_tokens,
        ..Demand::default()
    };
    let mut limits = ByDimension::new([(Dimension::Tokens, Settling::new(gcra()))]);
    admit(&mut limits, tokens(400), tokens(450));
    admit(&mut limits, tokens(100), tokens(20));
    assert_eq!(limits.available(NOW, Dimension::Tokens), 530);
    let denied = Admit::check(&limits, NOW, tokens(2_000));
    assert_eq!(denied, Err(Denied::TooLarge { max: 1_000 }));
}
