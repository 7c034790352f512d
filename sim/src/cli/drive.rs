use std::{env, io::Write, num::NonZeroU32, path::PathBuf, time::Duration};

use anyhow::{anyhow, bail};
use clap::Args;
use indicatif::ProgressBar;

use super::{
    format::Format,
    one_run::{self, OneRun},
    output,
    progress::progress,
};
use crate::{
    compare,
    drive::{self, Driven, FastClock, Key, Target},
    report::Origin,
    results,
    scenario::{Scenario, strategy::Strategy, units::PositiveSeconds},
    shell::quoted,
};

/// Sends the workload of a scenario to a real server, in real time.
///
/// One of its strategies decides when, by the crates that a program would use, and the result is shown as by
/// `sim compare`. Ctrl-C ends it early and shows what was measured until then.
#[derive(Args, Debug)]
#[command(
    after_help = "`sim serve` turns the provider of a scenario into such a server. https is not supported."
)]
pub(super) struct Drive {
    #[command(flatten)]
    run: OneRun,
    /// The address of the server, such as http://127.0.0.1:8080; with a path, that of the completions.
    #[arg(long, value_name = "URL")]
    against: Target,
    /// The strategy to drive, by its name; may be left out if there is only one.
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The provider of the scenario whose limits the strategy takes the server to have; that of the strategy, or
    /// else the first, if absent.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Lets the clock of the client go so many times as fast as time, as that of the server must.
    #[arg(long, value_name = "N", default_value_t = NonZeroU32::MIN, value_parser = speed)]
    speed: NonZeroU32,
    /// Takes the API key from this environment variable; without it from PACELINE_API_KEY, if that is set, and
    /// else sends the word `drive`.
    #[arg(long, value_name = "VAR")]
    key_env: Option<String>,
    /// Writes report.html, results.json, results.csv and the plots into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// The variable that holds the API key, unless another one is named.
const KEY: &str = "PACELINE_API_KEY";

/// What is sent where a server asks for no key.
const NO_KEY: &str = "drive";

impl Drive {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let scenario = self.scenario()?;
        let strategy = &scenario.strategies[0];
        drive::check(&scenario, strategy).map_err(|err| anyhow!(err))?;
        let key = self.key()?;
        if let Some(folder) = &self.out {
            output::prepare(folder)?;
        }
        let driven = self.drive(&scenario, strategy, key)?;
        let scenario = match driven.stopped_after {
            Some(after) => until(&scenario, after)?,
            None => scenario,
        };
        let how = results::Driven {
            against: self.against.to_string(),
            speed: self.speed.get(),
            stopped: driven.stopped_after.is_some(),
        };
        let comparison = compare::measured(&scenario, &driven.tally, how)?;
        if let Some(folder) = &self.out {
            let origin = Origin {
                command: self.command(&scenario),
                source: scenario.source.clone(),
            };
            output::write_comparison(folder, &comparison, &origin)?;
        }
        self.format.print(&comparison, self.out.as_deref(), out)
    }

    /// The scenario with the strategy that is driven alone.
    fn scenario(&self) -> anyhow::Result<Scenario> {
        let mut scenario = self.run.read()?;
        let mut strategy = one_run::strategy(&scenario, self.strategy.as_deref())?.clone();
        if let Some(provider) = &self.provider {
            let mut known = scenario.providers.iter().map(|it| it.name.as_str());
            if !known.any(|name| name == provider) {
                bail!("--provider: the scenario has none that is named `{provider}`");
            }
            strategy.provider = Some(provider.clone());
        }
        scenario.strategies = vec![strategy];
        Ok(scenario)
    }

    fn key(&self) -> anyhow::Result<Key> {
        let name = self.key_env.as_deref().unwrap_or(KEY);
        let text = match env::var(name) {
            Ok(text) => text,
            Err(env::VarError::NotPresent) if self.key_env.is_none() => NO_KEY.to_owned(),
            Err(env::VarError::NotPresent) => bail!("--key-env: {name} is not set"),
            Err(env::VarError::NotUnicode(_)) => bail!("{name}: expected text"),
        };
        Key::new(&text).map_err(|err| anyhow!("{name}: {err}"))
    }

    fn drive(&self, scenario: &Scenario, strategy: &Strategy, key: Key) -> anyhow::Result<Driven> {
        let what = drive::Drive {
            scenario,
            strategy,
            target: self.against.clone(),
            key,
        };
        let bar = bar(scenario);
        let clock = || FastClock::starting_at(scenario.start(), self.speed);
        let stop = async {
            if tokio::signal::ctrl_c().await.is_err() {
                // It cannot be stopped that way, then.
                std::future::pending::<()>().await;
            }
        };
        let driven = drive::drive(&what, clock, stop, |over| show(&bar, over));
        bar.finish_and_clear();
        driven
    }

    fn command(&self, scenario: &Scenario) -> String {
        let mut words = vec!["sim".to_owned(), "drive".to_owned()];
        words.extend(self.run.words(scenario.seed));
        words.push(format!("--against {}", quoted(&self.against.to_string())));
        let strategy = &scenario.strategies[0].name;
        words.push(format!("--strategy {}", quoted(strategy)));
        let provider = self.provider.iter();
        words.extend(provider.map(|name| format!("--provider {}", quoted(name))));
        if self.speed > NonZeroU32::MIN {
            words.push(format!("--speed {}", self.speed));
        }
        words.join(" ")
    }
}

/// A bar for the seconds of a scenario.
pub(super) fn bar(scenario: &Scenario) -> ProgressBar {
    progress(scenario.duration().as_secs(), "s")
}

/// Shows how much of it is over.
pub(super) fn show(bar: &ProgressBar, over: Duration) {
    bar.set_position(over.as_secs());
}

/// The speed of a clock, typed as a whole number from 1 to 1,000.
pub(super) fn speed(text: &str) -> Result<NonZeroU32, String> {
    let speed = text.parse::<NonZeroU32>().ok();
    let speed = speed.filter(|speed| speed.get() <= 1_000);
    speed.ok_or_else(|| "expected a whole number from 1 to 1000".to_owned())
}

/// The part of a scenario that was over when it was stopped.
fn until(scenario: &Scenario, after: Duration) -> anyhow::Result<Scenario> {
    let warmup = scenario.warmup_s.get();
    if after <= warmup {
        bail!("stopped before anything was counted, as `warmup_s` says");
    }
    let mut scenario = scenario.clone();
    let bin = scenario.bin().as_secs_f64();
    scenario.bin_s = PositiveSeconds::try_from(bin).ok();
    let duration = PositiveSeconds::try_from(after.as_secs_f64());
    scenario.duration_s = duration.map_err(|err| anyhow!(err))?;
    Ok(scenario)
}
