use std::time::Duration;

/// What is shown at one moment.
#[derive(Clone, Debug)]
pub struct View {
    /// The name of the scenario.
    pub scenario: String,
    /// How much of it has passed.
    pub elapsed: Duration,
    /// How long it lasts.
    pub duration: Duration,
    /// Seconds of the scenario in a second of the viewer.
    pub speed: f64,
    /// Whether time stands still.
    pub paused: bool,
    /// Whether more happens than can be simulated at this speed.
    pub lags: bool,
    /// The most requests that any schedule could get admitted by the end.
    pub possible: u64,
    /// The width of the bins of throughput.
    pub bin: Duration,
    /// Which lane is shown in detail.
    pub selected: usize,
    /// Whether keys are explained.
    pub help: bool,
    /// One for each strategy.
    pub lanes: Vec<Lane>,
}

/// What is shown of one strategy.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// The name of the strategy.
    pub name: String,
    /// Requests that wait in line.
    pub waiting: u64,
    /// Calls under way.
    pub in_flight: u64,
    /// Requests that have arrived.
    pub arrived: u64,
    /// Requests completed in time.
    pub completed: u64,
    /// Requests given up, or cancelled by their users.
    pub given_up: u64,
    /// Calls refused because of a limit.
    pub refused: u64,
    /// For how much longer a gate is closed.
    pub gate: Option<Duration>,
    /// What is left of the provider's limits.
    pub gauges: Vec<Gauge>,
    /// Requests completed in each bin of time until now.
    pub throughput: Vec<u64>,
    /// The latest refusals, the last one first.
    pub refusals: Vec<String>,
}

/// What is left of a limit.
#[derive(Clone, Debug)]
pub struct Gauge {
    /// What the limit is called.
    pub label: String,
    /// Cells that conform now.
    pub left: u64,
    /// The most that ever do.
    pub most: u64,
}

impl Gauge {
    /// The part that is left, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "shown to people")]
    pub fn ratio(&self) -> f64 {
        match self.most {
            0 => 0.0,
            most => (self.left as f64 / most as f64).min(1.0),
        }
    }
}

impl View {
    /// Whether the scenario has come to its end.
    pub fn is_over(&self) -> bool {
        self.elapsed >= self.duration
    }
}

/// A time since the start: `1:02:03.4`, with days in front if there are any.
pub(super) fn clock(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    let tenths = span.subsec_millis() / 100;
    let time = format!("{hours}:{minutes:02}:{seconds:02}.{tenths}");
    match days {
        0 => time,
        _ => format!("{days}d {time:0>10}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_days_only_if_there_are_any() {
        assert_eq!(clock(Duration::from_millis(3_723_450)), "1:02:03.4");
        assert_eq!(clock(Duration::from_secs(90_061)), "1d 01:01:01.0");
    }
}
