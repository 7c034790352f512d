use std::path::PathBuf;

use anyhow::{Context, bail};

use super::{Head, Journal, Outcome, Shard};

/// A whole sweep.
#[derive(Clone, Debug)]
pub struct Merged {
    /// What it is.
    pub head: Head,
    /// One outcome for each point, in the order of the points.
    pub outcomes: Vec<Outcome>,
}

/// Puts the shards of a sweep together.
///
/// # Errors
///
/// Fails if they do not belong together, or says which shards or points are missing.
pub fn merge(journals: &[PathBuf]) -> anyhow::Result<Merged> {
    let (first, rest) = journals
        .split_first()
        .context("expected at least one journal of a sweep")?;
    let (head, shard, mut outcomes) = Journal::load(first)?;
    let mut shards = vec![shard];
    let mut counts = vec![(shard, outcomes.len())];
    for path in rest {
        let (other, shard, more) = Journal::load(path)?;
        let shown = path.display();
        if other != head {
            bail!(
                "{shown}: it belongs to another sweep than {}",
                first.display()
            );
        }
        if shard.count != shards[0].count {
            bail!(
                "{shown}: it is shard {shard}, where {} is {}",
                first.display(),
                shards[0]
            );
        }
        if shards.contains(&shard) {
            bail!("{shown}: shard {shard} is there twice");
        }
        shards.push(shard);
        counts.push((shard, more.len()));
        outcomes.extend(more);
    }
    let all = (1..=shards[0].count).map(|number| Shard {
        number,
        count: shards[0].count,
    });
    let missing: Vec<_> = all
        .filter(|shard| !shards.contains(shard))
        .map(|it| it.to_string())
        .collect();
    if !missing.is_empty() {
        bail!("shards are missing: {}", missing.join(", "));
    }
    outcomes.sort_by_key(|outcome| outcome.point);
    let points = outcomes.iter().map(|outcome| outcome.point);
    if !points.eq(0..head.points()) {
        let unfinished = counts.iter().filter(|(shard, done)| {
            *done != (0..head.points()).filter(|&point| shard.has(point)).count()
        });
        let unfinished: Vec<_> = unfinished.map(|(shard, _)| shard.to_string()).collect();
        bail!(
            "not all points are done; run these shards again, and they go on where they stopped: {}",
            unfinished.join(", ")
        );
    }
    Ok(Merged { head, outcomes })
}
