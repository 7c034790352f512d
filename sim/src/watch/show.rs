use std::time::Duration;

use paceline_core::Timestamp;

use super::{
    seen::Seen,
    view::{Gauge, Lane, View},
};
use crate::{
    engine::Streams,
    model::{self, Run},
    names::Names,
    report::format,
    scenario::{Scenario, strategy::Strategy},
    workload::TraceError,
};

/// Runs of several strategies side by side, as far as time has gone on.
#[derive(Debug)]
pub struct Show<'a> {
    scenario: &'a Scenario,
    lanes: Vec<(&'a Strategy, Run<Seen<'a>>)>,
    possible: u64,
    now: Timestamp,
    /// Seconds of the scenario in a second of the viewer.
    speed: f64,
    paused: bool,
    lags: bool,
    selected: usize,
    help: bool,
}

/// What a viewer may ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Command {
    /// Lets time stand still, or go on.
    Pause,
    /// Twice as fast.
    Faster,
    /// Half as fast.
    Slower,
    /// Shows the next strategy in detail.
    Next,
    /// Shows the strategy before in detail.
    Previous,
    /// Lets the next thing happen under the strategy in detail, and time stand still then.
    Step,
    /// Explains the keys, or stops to do so.
    Help,
}

/// How many things happen between two looks at the time that they take.
const BETWEEN_LOOKS: u32 = 256;

impl<'a> Show<'a> {
    /// Speeds from which a viewer may choose.
    pub const SPEEDS: std::ops::RangeInclusive<f64> = 1e-3..=1e7;

    /// Starts these strategies, in a scenario in which nothing has happened yet.
    ///
    /// Without a speed, the whole scenario takes two minutes.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be read.
    pub fn start(
        scenario: &'a Scenario,
        strategies: impl Iterator<Item = &'a Strategy>,
        speed: Option<f64>,
    ) -> Result<Self, TraceError> {
        let streams = Streams::new(scenario.seed);
        let start = |strategy: &'a Strategy| {
            let names = Names::new(scenario, strategy);
            let seen = Seen::new(names, scenario.start(), scenario.bin());
            Ok((strategy, Run::start(scenario, strategy, streams, seen)?))
        };
        let all_in_two_minutes = scenario.duration().as_secs_f64() / 120.0;
        Ok(Self {
            scenario,
            lanes: strategies.map(start).collect::<Result<_, TraceError>>()?,
            possible: model::optimum(scenario, streams)?.requests,
            now: scenario.start(),
            speed: within(speed.unwrap_or(all_in_two_minutes)),
            paused: false,
            lags: false,
            selected: 0,
            help: false,
        })
    }

    /// Lets so much of the viewer's time pass, as long as there is `time` for more.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be read.
    pub fn advance(
        &mut self,
        span: Duration,
        mut time: impl FnMut() -> bool,
    ) -> Result<(), TraceError> {
        self.lags = false;
        if self.paused {
            return Ok(());
        }
        let seconds = span.as_secs_f64() * self.speed;
        let span = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let until = self.now.saturating_add(span).min(self.scenario.end());
        let mut steps = 0_u32;
        while let Some((at, lane)) = self.next().filter(|(at, _)| *at <= until) {
            self.lanes[lane].1.step()?;
            self.now = at;
            steps = steps.wrapping_add(1);
            if steps.is_multiple_of(BETWEEN_LOOKS) && !time() {
                self.lags = true;
                return Ok(());
            }
        }
        self.now = until;
        Ok(())
    }

    /// When something happens next, and in which lane; of equals in the first one.
    fn next(&self) -> Option<(Timestamp, usize)> {
        let lanes = self.lanes.iter().enumerate();
        let next = lanes.filter_map(|(index, (_, run))| Some((run.next_at()?, index)));
        next.min()
    }

    /// Does what the viewer asks for.
    ///
    /// # Errors
    ///
    /// Fails if a trace cannot be read.
    pub fn command(&mut self, command: Command) -> Result<(), TraceError> {
        let lanes = self.lanes.len();
        match command {
            Command::Pause => self.paused = !self.paused,
            Command::Faster => self.speed = within(self.speed * 2.0),
            Command::Slower => self.speed = within(self.speed / 2.0),
            Command::Next => self.selected = (self.selected + 1) % lanes,
            Command::Previous => self.selected = (self.selected + lanes - 1) % lanes,
            Command::Step => self.step()?,
            Command::Help => self.help = !self.help,
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), TraceError> {
        self.paused = true;
        while let Some((at, lane)) = self.next() {
            self.lanes[lane].1.step()?;
            self.now = at;
            if lane == self.selected {
                return Ok(());
            }
        }
        self.now = self.scenario.end();
        Ok(())
    }

    /// What is to be seen now.
    pub fn view(&mut self) -> View {
        let (now, start) = (self.now, self.scenario.start());
        let lanes = self.lanes.iter_mut();
        View {
            scenario: self.scenario.name.clone(),
            elapsed: now.saturating_duration_since(start),
            duration: self.scenario.duration(),
            speed: self.speed,
            paused: self.paused,
            lags: self.lags,
            possible: self.possible,
            bin: self.scenario.bin(),
            selected: self.selected,
            help: self.help,
            lanes: lanes
                .map(|(strategy, run)| lane(now, strategy, run))
                .collect(),
        }
    }
}

fn lane(now: Timestamp, strategy: &Strategy, run: &mut Run<Seen<'_>>) -> Lane {
    let mut gauges = Vec::new();
    for key in 0..run.keys() {
        let names = run.observer().names();
        let of = match names.keys() {
            1 => String::new(),
            _ => format!("{}: ", names.key(key)),
        };
        gauges.extend(run.remaining(now, key).map(|it| Gauge {
            label: format!("{of}{}", format::limit(it.rate)),
            left: it.cells,
            most: it.rate.quota.burst(),
        }));
    }
    let seen = run.observer();
    let mut throughput = seen.completed.clone();
    throughput.resize(seen.bins(now), 0);
    let counts = seen.counts;
    Lane {
        name: strategy.name.clone(),
        waiting: counts.waiting,
        in_flight: counts.in_flight,
        arrived: counts.arrived,
        completed: counts.completed,
        given_up: counts.given_up,
        refused: counts.refused,
        gate: (seen.gate_opens_at > now).then(|| seen.gate_opens_at.saturating_duration_since(now)),
        gauges,
        throughput,
        refusals: seen.refusals(),
    }
}

fn within(speed: f64) -> f64 {
    speed.clamp(*Show::SPEEDS.start(), *Show::SPEEDS.end())
}
