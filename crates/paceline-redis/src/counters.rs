use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What happened so far, as counts that only grow.
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        #[non_exhaustive]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)+
        }

        /// The counters behind [`Counts`].
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)+
        }

        impl Counters {
            pub(crate) fn read(&self) -> Counts {
                Counts { $($name: self.$name.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

counters! {
    /// Decisions of the store that granted.
    granted,
    /// Decisions of the store that denied.
    denied,
    /// Questions whose answer did not come in time. The store may have granted them: nobody was admitted by
    /// them, and what they may have charged stands.
    timed_out,
    /// Questions that failed otherwise: no connection, an error of the server.
    failed,
    /// Probes of a store that did not answer.
    probes,
    /// Values in the store that no decision of ours has written.
    bad_values,
    /// Times that the server's clock was set back, or that a value lay further in the future than any
    /// decision puts it; the value was brought back into range.
    clock_anomalies,
    /// Times that the store knew less of a quota than this process did, and was told.
    data_losses,
    /// Admitted by this process alone, while the store did not answer.
    admitted_alone,
    /// Admitted without any limit, while the store did not answer.
    admitted_unlimited,
    /// Given back to the store.
    given_back,
    /// Not given back, because too many were being given back or the store did not answer.
    not_given_back,
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    add(counter, 1);
}

/// Counts some more.
pub(crate) fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}
