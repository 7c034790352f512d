use std::{io::Write, num::NonZeroU32};

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};

use super::{
    drive::{bar, show, speed},
    one_run::{self, OneRun},
};
use crate::{
    calibrate::{Verdict, calibrate},
    drive,
    report::calibration,
};

/// Predicts what strategies do, measures it over real HTTP, and fails if a prediction does not hold.
///
/// The provider of the scenario is served in this process, and its workload is driven against it in real time:
/// the same requests, latencies, faults and jitter as in the prediction.
#[derive(Args, Debug)]
pub(super) struct Calibrate {
    #[command(flatten)]
    run: OneRun,
    /// The strategy to calibrate, by its name; all of them, one after the other, if absent.
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// Lets the clocks of both sides go so many times as fast as time; what a timer or HTTP is late by is then as
    /// many times as long.
    #[arg(long, value_name = "N", default_value_t = NonZeroU32::MIN, value_parser = speed)]
    speed: NonZeroU32,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Table,
    Markdown,
    Json,
}

impl Calibrate {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let scenario = self.run.read()?;
        let strategies = match &self.strategy {
            Some(name) => vec![one_run::strategy(&scenario, Some(name))?],
            None => scenario.strategies.iter().collect(),
        };
        for strategy in &strategies {
            // None should fail when others have taken their time.
            drive::check(&scenario, strategy).map_err(|err| anyhow!(err))?;
        }
        let bar = bar(&scenario);
        let mut rows = Vec::new();
        for strategy in strategies {
            rows.extend(calibrate(&scenario, strategy, self.speed, |over| {
                show(&bar, over);
            })?);
        }
        bar.finish_and_clear();
        let printed = match self.format {
            Format::Table => calibration::table(&rows).into_bytes(),
            Format::Markdown => calibration::markdown(&rows).into_bytes(),
            Format::Json => calibration::json(&rows)?,
        };
        out.write_all(&printed)?;
        out.flush()?;
        let failed = rows.iter().filter(|row| row.verdict() == Verdict::Fails);
        match failed.count() {
            0 => Ok(()),
            1 => bail!("1 prediction does not hold"),
            more => bail!("{more} predictions do not hold"),
        }
    }
}
