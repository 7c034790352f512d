use paceline_core::Timestamp;

use crate::FailureKind;

/// A bound on the retries of all requests of a client, shared by them.
///
/// Per-request limits multiply the load when everything fails: three retries make it fourfold. A
/// budget bounds the sum. Share one per client process and target; many small ones that each start
/// full bound nothing.
///
/// Ask it last, when a [`RetryPolicy`](crate::RetryPolicy) has decided to retry, so that it pays for
/// retries that happen.
pub trait RetryBudget {
    /// Takes note of the first call of a request.
    fn first_call(&mut self, now: Timestamp);

    /// Takes note of a failed call, before anybody asks to retry it, and also if nobody does.
    ///
    /// Failures that no retry could have cured are not told. Most budgets have no use for them.
    fn failure(&mut self, _now: Timestamp, _kind: FailureKind) {}

    /// Spends a retry, if the budget allows one after this failure.
    ///
    /// A refusal changes nothing.
    fn try_retry(&mut self, now: Timestamp, after: FailureKind) -> bool;

    /// Takes note of a success, and of the failure that its last retry followed upon, if it took any.
    fn success(&mut self, now: Timestamp, last_retry: Option<FailureKind>);
}
