//! What a program can see of its waits: a span, and counters. Nothing, unless a feature asks for it.

/// Counts an admission.
pub(crate) fn admitted() {
    #[cfg(feature = "metrics")]
    metrics::counter!("paceline_admitted_total").increment(1);
}

/// Counts a wait that was given up.
pub(crate) fn cancelled() {
    #[cfg(feature = "metrics")]
    metrics::counter!("paceline_cancelled_total").increment(1);
}

/// Counts a deadline that was not met.
pub(crate) fn not_in_time() {
    #[cfg(feature = "metrics")]
    metrics::counter!("paceline_not_in_time_total").increment(1);
}

/// Counts a refusal by the server.
pub(crate) fn closed() {
    #[cfg(feature = "metrics")]
    metrics::counter!("paceline_refused_total").increment(1);
}

/// A wait, from taking a place in line to being admitted or giving up.
#[derive(Debug, Default)]
pub(crate) struct Wait {
    #[cfg(feature = "tracing")]
    span: Option<tracing::Span>,
}

impl Wait {
    pub(crate) fn begin(&mut self) {
        #[cfg(feature = "metrics")]
        metrics::counter!("paceline_waited_total").increment(1);
        #[cfg(feature = "tracing")]
        {
            self.span = Some(tracing::debug_span!("paceline.wait"));
        }
        let _ = self;
    }

    /// Closes the span; dropping does so too.
    pub(crate) fn end(&mut self) {
        #[cfg(feature = "tracing")]
        {
            self.span = None;
        }
        let _ = self;
    }
}
