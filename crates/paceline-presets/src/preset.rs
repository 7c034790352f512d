use std::{error, fmt};

use crate::{PresetLimit, format};

/// What a provider limits, as of a date.
///
/// # Examples
///
/// ```
/// use paceline_core::{Dimension, LimitWindow};
/// use paceline_presets::{Enforcement, PresetLimit};
///
/// let openai = paceline_presets::find("openai-tier-1")?;
/// assert_eq!((openai.source.as_str(), openai.as_of.as_str()), ("developers.openai.com, model page", "2026-09"));
/// let PresetLimit::Rate(requests) = &openai.limits[0] else { unreachable!() };
/// assert_eq!((requests.counts, requests.limit), (Dimension::Requests, 500));
/// assert_eq!(requests.window, LimitWindow::MINUTE);
/// assert_eq!(requests.enforcement, Enforcement::Gcra { burst: 500 });
/// # Ok::<(), paceline_presets::UnknownPreset>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProviderPreset {
    /// Its name.
    pub name: String,
    /// What it is, in one line: the first comment of the text.
    pub summary: String,
    /// Where the figures come from.
    pub source: String,
    /// When they held: a year, a month or a day, such as `2026-07-18`, as precisely as is known.
    pub as_of: String,
    /// Which tokens of a request it charges.
    pub charge: Charge,
    /// Whether calls that it refuses use up its limits on requests.
    pub refused_calls_count: bool,
    /// What it limits; all limits hold at once.
    pub limits: Vec<PresetLimit>,
}

/// Which tokens of a request a provider charges.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Charge {
    /// Those that were sent; what comes back is not limited.
    Input,
    /// Those that were sent and the declared cap on those that come back, both at admission.
    InputAndMaxTokens,
    /// Those that were sent at admission, and those that came back as they come.
    Actual,
}

/// Why a text is no preset.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReadError {
    /// The name of the preset.
    name: String,
    /// What is wrong, with its line if there is one.
    reason: String,
}

impl ProviderPreset {
    /// Reads a preset from its TOML text.
    ///
    /// The text begins with a comment that says what it is. Then come `source` and `as_of`, `charge`
    /// (`input`, `input+max_tokens` or `actual`, which is the default), `refused_calls_count`
    /// (`false`), and a `[[limit]]` for each limit with these fields:
    ///
    /// - `counts`: `requests`, `input_tokens`, `output_tokens`, `tokens`, or `concurrency`, which has a
    ///   `limit` and nothing else;
    /// - `limit`: cells per window;
    /// - `per`: `second`, `minute`, `hour`, `day` or `month`, which is 30 days unless it is of the
    ///   calendar; or `period_s` in whole seconds;
    /// - `kind`: `gcra` or `token-bucket`, both with a `burst` of their own if it is not the limit;
    ///   `sliding-log`, `fixed-window`; or `calendar`, with a `zone` if it is not `UTC`.
    ///
    /// The same file describes a provider to Paceline's simulator. The fields that only the simulator
    /// knows - `dialect`, `retry_after`, `first_token`, `per_output_token`, `refusal_s`,
    /// `error_rate` and `outage` - are allowed and not looked at.
    ///
    /// # Errors
    ///
    /// Fails on anything else, and says what was expected and in which line.
    ///
    /// # Examples
    ///
    /// ```
    /// use paceline_presets::{PresetLimit, ProviderPreset};
    ///
    /// let text = "# Our own server: 8 requests at a time\n\
    ///             source = 'its configuration'\n\
    ///             as_of = '2026-11'\n\
    ///             [[limit]]\n\
    ///             counts = 'concurrency'\n\
    ///             limit = 8\n";
    /// let ours = ProviderPreset::read("ours", text)?;
    /// assert_eq!(ours.summary, "Our own server: 8 requests at a time");
    /// assert_eq!(ours.limits, [PresetLimit::Concurrency(8)]);
    ///
    /// let typo = text.replace("limit = 8", "limits = 8");
    /// assert!(ProviderPreset::read("typo", &typo).is_err());
    /// # Ok::<(), paceline_presets::ReadError>(())
    /// ```
    pub fn read(name: &str, text: &str) -> Result<Self, ReadError> {
        format::read(name, text).map_err(|reason| ReadError {
            name: name.to_owned(),
            reason,
        })
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "preset `{}`: {}", self.name, self.reason)
    }
}

impl error::Error for ReadError {}
