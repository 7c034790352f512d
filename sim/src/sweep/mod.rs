//! Many scenarios at once: every combination of the values that are varied in one.
//!
//! A sweep can be split into shards that run anywhere, stopped and gone on with. Its results do not
//! depend on any of that: every point is a comparison of its own under the same seed, is written down
//! when it is done, and all are put together in the order of the plan.

mod dimension;
mod figure;
mod journal;
mod merge;
mod outcome;
mod plan;
mod run;
mod shard;

pub(crate) use dimension::six_digits;
pub use dimension::{Dimension, Setting};
pub use figure::Figure;
pub use journal::Journal;
pub use merge::{Merged, merge};
pub use outcome::{Outcome, Row};
pub use plan::{Head, Plan};
pub use run::run;
pub use shard::Shard;
