use std::{collections::HashMap, fmt, sync::Mutex};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Which API key is which, without knowing any: a key is kept as a hash under a secret that is drawn when the
/// server starts, and never as itself.
pub(super) struct Labels {
    secret: [u8; 32],
    places: Mutex<HashMap<[u8; 32], usize>>,
}

/// How many API keys are told apart.
pub(super) const MOST_KEYS: usize = 1_000;

impl Labels {
    /// Knows no key yet.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self {
            secret,
            places: Mutex::default(),
        })
    }

    /// The place of an API key in the order in which they came; `None` if there are too many.
    pub(super) fn place(&self, api_key: &[u8]) -> Option<usize> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(api_key);
        let label = mac.finalize().into_bytes().into();
        let mut places = self.places.lock().unwrap_or_else(|err| err.into_inner());
        let next = places.len();
        if next >= MOST_KEYS {
            return places.get(&label).copied();
        }
        Some(*places.entry(label).or_insert(next))
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Labels").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_up_to_a_bound_and_never_kept() {
        let labels = Labels::new().expect("there is randomness");
        let key = |number: usize| format!("sk-{number}");
        for number in (0..MOST_KEYS).chain(0..MOST_KEYS) {
            assert_eq!(labels.place(key(number).as_bytes()), Some(number));
        }
        assert_eq!(labels.place(b"sk-another"), None);
        assert_eq!(labels.place(b"sk-7"), Some(7));
        // Whoever looks at them learns nothing: another server has other labels for the same keys.
        let other = Labels::new().expect("there is randomness");
        other.place(b"sk-7");
        let kept = |labels: &Labels| {
            let places = labels.places.lock().expect("nobody panicked");
            places
                .keys()
                .copied()
                .collect::<std::collections::HashSet<_>>()
        };
        assert!(kept(&labels).is_disjoint(&kept(&other)));
        assert_eq!(format!("{labels:?}"), "Labels { .. }");
    }
}
