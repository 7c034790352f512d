//! Good values for a strategy, found by trying.
//!
//! An optimiser proposes values, and each proposal runs a few replications, all under the same seeds. Its
//! favourites then run again under seeds that it never saw, beside the strategy as it was written: the best
//! of many noisy trials looks better than it is, and only fresh runs say how good it is.

mod axis;
mod constraint;
mod search;
mod variant;

pub use axis::Axis;
pub use constraint::Constraint;
pub use search::{Favourite, Search, Trial, Tuned, tune};
