use alloc::{collections::BTreeMap, string::String};
use core::{error, fmt};

use paceline_core::{Demand, Denied, Dimension, Limiter, Timestamp};

use crate::{KeyInterval, VirtualKey};

/// The limits of virtual keys, by label.
///
/// A key without a limit is unlimited. A limit takes effect with the next request, and stays: there
/// is no way to change or remove it, so a new limit takes a new key.
///
/// Labels are names for people. Do not use the secrets of the keys: labels are kept, and appear in
/// refusals.
///
/// # Examples
///
/// ```
/// use paceline_core::{Demand, Dimension, Timestamp};
/// use paceline_quota::{KeyInterval, VirtualKey, VirtualKeys};
///
/// let mut keys = VirtualKeys::new();
/// keys.set("search", VirtualKey::new(Dimension::Tokens, 5_000, KeyInterval::Minute)?)?;
///
/// let (now, demand) = (Timestamp::EPOCH, Demand::request(2_000, 1_000));
/// assert!(keys.try_acquire("search", now, demand).is_ok());
/// let refused = keys.try_acquire("search", now, demand).unwrap_err();
/// assert_eq!(refused.code(), "virtual_key_limit_reached");
/// assert_eq!(
///     refused.to_string(),
///     "key search: too little is left of 5000 tokens per minute; the limit resets in 60 s",
/// );
/// assert!(keys.try_acquire("another", now, demand).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct VirtualKeys {
    keys: BTreeMap<String, VirtualKey>,
}

/// A refusal by the limit of a virtual key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyRefused {
    /// The label of the key.
    pub label: String,
    /// What the key counts.
    pub counts: Dimension,
    /// Cells per interval.
    pub limit: u64,
    /// The interval.
    pub per: KeyInterval,
    /// When the request was refused.
    pub at: Timestamp,
    /// When the key admits it, or that it never will.
    pub denied: Denied,
}

/// A key has a limit already, and it cannot be changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyIsSet(
    /// The label of the key.
    pub String,
);

impl VirtualKeys {
    /// Makes a registry in which no key has a limit.
    pub const fn new() -> Self {
        Self {
            keys: BTreeMap::new(),
        }
    }

    /// Gives a key its limit, from the next request on.
    ///
    /// # Errors
    ///
    /// Fails if it has one; that one stays as it is, with all that it counted.
    pub fn set(&mut self, label: impl Into<String>, key: VirtualKey) -> Result<(), KeyIsSet> {
        let label = label.into();
        if self.keys.contains_key(&label) {
            return Err(KeyIsSet(label));
        }
        self.keys.insert(label, key);
        Ok(())
    }

    /// The limit of a key; `None` if it is unlimited.
    pub fn key(&self, label: &str) -> Option<&VirtualKey> {
        self.keys.get(label)
    }

    /// Asks whether a key admits a request.
    ///
    /// # Errors
    ///
    /// Says which limit refuses it, and until when. A disabled key refuses everything.
    pub fn check(&self, label: &str, now: Timestamp, demand: Demand) -> Result<(), KeyRefused> {
        let Some(key) = self.keys.get(label) else {
            return Ok(());
        };
        key.admit(now, demand).map_err(|denied| KeyRefused {
            label: label.into(),
            counts: key.counts(),
            limit: key.limit(),
            per: key.per(),
            at: now,
            denied,
        })
    }

    /// Spends a demand, whether or not the key admits it.
    ///
    /// For what comes on top of what was asked for, such as the tokens of an answer.
    pub fn charge(&mut self, label: &str, now: Timestamp, demand: Demand) {
        if let Some(key) = self.keys.get_mut(label) {
            key.charge(now, key.counts().cost(demand));
        }
    }

    /// Spends a request if the key admits it.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check); a refused request changes nothing.
    pub fn try_acquire(
        &mut self,
        label: &str,
        now: Timestamp,
        demand: Demand,
    ) -> Result<(), KeyRefused> {
        self.check(label, now, demand)?;
        self.charge(label, now, demand);
        Ok(())
    }
}

impl KeyRefused {
    /// A code for programs, which stays the same between versions.
    ///
    /// `virtual_key_disabled`, `virtual_key_request_too_large` or `virtual_key_limit_reached`; only
    /// the last one is cured by waiting.
    pub const fn code(&self) -> &'static str {
        match self.denied {
            Denied::Until(_) => "virtual_key_limit_reached",
            Denied::TooLarge { max: 0 } => "virtual_key_disabled",
            Denied::TooLarge { .. } => "virtual_key_request_too_large",
        }
    }
}

impl fmt::Display for KeyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            label,
            counts,
            limit,
            per,
            ..
        } = self;
        match self.denied {
            Denied::TooLarge { max: 0 } => write!(f, "key {label}: disabled"),
            Denied::TooLarge { .. } => write!(
                f,
                "key {label}: the request alone exceeds {limit} {counts} per {per}"
            ),
            Denied::Until(resets_at) => {
                let wait = resets_at.saturating_duration_since(self.at);
                // Rounded up, so that whoever waits that long is not early.
                let seconds = wait.as_nanos().div_ceil(1_000_000_000);
                write!(
                    f,
                    "key {label}: too little is left of {limit} {counts} per {per}; the limit resets in {seconds} s"
                )
            }
        }
    }
}

impl error::Error for KeyRefused {}

impl fmt::Display for KeyIsSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = &self.0;
        write!(
            f,
            "key {label}: the limit is set and cannot be changed; make a new key"
        )
    }
}

impl error::Error for KeyIsSet {}
