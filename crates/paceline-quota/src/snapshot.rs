use alloc::{string::String, vec::Vec};
use core::{error, fmt};

use paceline_core::Timestamp;

use crate::{
    QuotaTracker,
    ledger::{Entry, Ledger},
};

/// The usage of a tracker as plain data, to outlive a process.
///
/// Times are nanoseconds since the Unix epoch.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Snapshot {
    version: u32,
    /// The window in words; usage of one window says nothing about another.
    window: String,
    /// Cells, and when they stop to count.
    used: Vec<(u64, u64)>,
    /// Percentages, and until when they stay reported.
    reported: Vec<(u8, u64)>,
}

/// What this version writes and reads.
const VERSION: u32 = 1;

impl QuotaTracker {
    /// What must be known after a restart.
    pub fn snapshot(&self) -> Snapshot {
        // Before time began, everything that is remembered counts.
        let used = self.ledger.live(Timestamp::EPOCH);
        let reported = self.thresholds.iter();
        Snapshot {
            version: VERSION,
            window: self.window.shape(),
            used: used
                .map(|entry| (entry.cells, entry.leaves_at.as_nanos()))
                .collect(),
            reported: reported
                .filter_map(|t| Some((t.percent, t.quiet_until?.as_nanos())))
                .collect(),
        }
    }

    /// Takes over the usage of a snapshot, in place of its own.
    ///
    /// The limit and the thresholds stay as configured; usage counts under them.
    ///
    /// # Errors
    ///
    /// Fails, and changes nothing, if the snapshot has another version, is of another window, or is
    /// not in order.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), RestoreError> {
        if snapshot.version != VERSION {
            return Err(RestoreError::Version);
        }
        if snapshot.window != self.window.shape() {
            return Err(RestoreError::Window);
        }
        let entries = snapshot.used.iter().map(|&(cells, leaves_at)| Entry {
            leaves_at: Timestamp::from_nanos(leaves_at),
            cells,
        });
        self.ledger = Ledger::restored(entries).ok_or(RestoreError::Disordered)?;
        for threshold in self.thresholds.iter_mut() {
            let reported = snapshot.reported.iter();
            let same = reported.filter(|(percent, _)| *percent == threshold.percent);
            threshold.quiet_until = same.map(|&(_, until)| Timestamp::from_nanos(until)).max();
        }
        Ok(())
    }
}

/// Why a snapshot was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RestoreError {
    /// It was written by another version of the format.
    Version,
    /// It is of a window of another kind, length or time zone.
    Window,
    /// Its usage is not ordered by time.
    Disordered,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "snapshot was written in another version of the format",
            Self::Window => "snapshot is of a window of another kind, length or time zone",
            Self::Disordered => "snapshot is damaged: its usage is not ordered by time",
        })
    }
}

impl error::Error for RestoreError {}
