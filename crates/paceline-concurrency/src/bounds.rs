use core::ops::RangeInclusive;

use crate::LimitError;

/// The least and the most that an adaptive limit may become.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) min: u32,
    pub(crate) max: u32,
}

impl Bounds {
    pub(crate) const NETFLIX: Self = Self { min: 20, max: 200 };

    /// Fails unless `0 < min <= initial <= max`.
    pub(crate) const fn new(initial: u32, range: &RangeInclusive<u32>) -> Result<Self, LimitError> {
        let (min, max) = (*range.start(), *range.end());
        if min == 0 {
            return Err(LimitError::ZeroMin);
        }
        if min > max {
            return Err(LimitError::MinAboveMax);
        }
        if initial < min || initial > max {
            return Err(LimitError::InitialOutOfRange);
        }
        Ok(Self { min, max })
    }
}
