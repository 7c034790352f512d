//! How sure a mean over independent runs is.
//!
//! Plain numbers in, plain numbers out: nothing here knows what was measured.

mod moments;
mod ratio;
mod student;
mod telling;

pub use moments::Moments;
pub use ratio::linearised;
pub use student::{CONFIDENCE, half_width};
pub use telling::{Told, tell};

/// A mean over independent runs, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean of what was seen.
    pub mean: f64,
    /// Half the width of the confidence interval around it; none if a single run was seen.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// Whether the interval is no wider, to each side, than this share of the mean.
    pub fn is_within(&self, share: f64) -> bool {
        let most = share * self.mean.abs();
        self.half_width.is_some_and(|half| half <= most)
    }
}
