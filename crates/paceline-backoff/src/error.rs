use core::{error, fmt};

/// Why a delay, a jitter or a budget could not be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BackoffError {
    /// The factor is below one, or its denominator is not from 1 to 1000.
    Factor,
    /// The cap is below the first delay.
    CapBelowFirst,
    /// The schedule holds no delay.
    EmptySchedule,
    /// The schedule holds more than 16 delays.
    ScheduleTooLong,
    /// The percentage exceeds 100.
    Percentage,
    /// The ratio exceeds one, or its denominator is zero.
    Ratio,
    /// A token throttle holds 1 to 1000 tokens, and a success earns a part of them.
    Tokens,
    /// The multiple of what is accepted is below one, or its denominator is zero.
    Multiple,
}

impl fmt::Display for BackoffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Factor => "growth factor must be at least 1, with a denominator from 1 to 1000",
            Self::CapBelowFirst => "cap is below the first delay",
            Self::EmptySchedule => "schedule has no delay",
            Self::ScheduleTooLong => "schedule has more than 16 delays",
            Self::Percentage => "percentage exceeds 100",
            Self::Ratio => "retry ratio must be from 0 to 1, with a denominator above 0",
            Self::Tokens => "tokens must be from 1 to 1000, and a success must earn some",
            Self::Multiple => "multiple must be at least 1, with a denominator above 0",
        })
    }
}

impl error::Error for BackoffError {}
