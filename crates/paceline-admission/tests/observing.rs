//! What a response says reaches the limits and the gate.

use std::time::Duration;

use paceline_admission::{Admission, Gate};
use paceline_composite::{Admit, SettleError};
use paceline_core::{Class, Denied, Feedback, Hint, HintSource, Limiter, Timestamp};

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Timestamp {
    Timestamp::EPOCH.saturating_add(SECOND * u32::try_from(seconds).expect("small"))
}

/// Admits everything, and writes down what it hears.
#[derive(Default)]
struct Listener(Vec<(Timestamp, Timestamp, Class)>);

impl Admit for Listener {
    type Cost = u64;
    type Receipt = ();

    fn check(&self, _: Timestamp, _: u64) -> Result<(), Denied> {
        Ok(())
    }

    fn charge(&mut self, _: Timestamp, _: u64) {}

    fn settle(&mut self, _: Timestamp, (): (), _: u64) -> Result<(), SettleError> {
        Ok(())
    }

    fn observe(&mut self, now: Timestamp, sent_at: Timestamp, feedback: &Feedback) {
        self.0.push((now, sent_at, feedback.class));
    }
}

#[test]
fn limits_hear_of_every_response_and_what_waiting_cures_closes_the_gate() {
    for (class, hinted, closes) in [
        (Class::Ok, false, false),
        (Class::Ok, true, false),
        (Class::Pace, false, true),
        (Class::Pace, true, true),
        (Class::Quota, true, true),
        (Class::Overload, false, false),
        (Class::Overload, true, true),
        (Class::Billing, true, false),
        (Class::TooLarge, true, false),
        (Class::Other, true, false),
    ] {
        let limits = Listener::default();
        let mut admission = Admission::<_, ()>::new(limits, 0).with_gate(Gate::new(1));
        let mut feedback = Feedback::new(class);
        feedback.hint = hinted.then_some(Hint {
            at: at(30),
            source: HintSource::RetryAfter,
        });
        let closed = admission.observe(at(10), at(9), &feedback);
        assert_eq!(closed, closes, "{class} {hinted}");
        assert_eq!(admission.limits().0, [(at(10), at(9), class)]);
        let open_at = |seconds| Limiter::check(admission.gate(), at(seconds), 1).is_ok();
        assert_eq!(open_at(10), !closes, "{class} {hinted}");
        // The hint counts; without one, it is a second.
        assert_eq!(open_at(29), !(closes && hinted), "{class} {hinted}");
        assert!(open_at(31));
    }
}
