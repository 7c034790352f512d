use core::{error, fmt};

/// Why a policy could not be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LimitError {
    /// The least limit is zero; a policy that got there would see no call and never recover.
    ZeroMin,
    /// The least limit exceeds the most.
    MinAboveMax,
    /// The initial limit is below the least or above the most.
    InitialOutOfRange,
    /// The backoff ratio is not from 1/2 to below 1.
    Backoff,
    /// The timeout is zero, so every call would count as dropped.
    ZeroTimeout,
    /// The smoothing is zero, above 1, or has a denominator of zero.
    Smoothing,
    /// The tolerance is below 1, or has a denominator of zero.
    Tolerance,
    /// The window is zero samples long.
    ZeroWindow,
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ZeroMin => "least limit is zero, from which no policy recovers",
            Self::MinAboveMax => "least limit exceeds the most",
            Self::InitialOutOfRange => "initial limit is outside of its range",
            Self::Backoff => "backoff ratio must be at least 1/2 and below 1",
            Self::ZeroTimeout => "timeout is zero",
            Self::Smoothing => "smoothing must be above 0 and at most 1",
            Self::Tolerance => "tolerance must be at least 1, with a denominator above 0",
            Self::ZeroWindow => "window must be at least one sample",
        })
    }
}

impl error::Error for LimitError {}
