use std::fmt;

use paceline_quota::Window;
use sha2::{Digest, Sha256};

/// Which quota a mark belongs to: a key's label and the name of its limit, hashed to a fixed length.
///
/// It is all that a store keeps of them, so labels may have any length, and cannot be made to look like
/// others. A label is a name for people; an API key does not belong here, and would not be stored.
///
/// The hash is SHA-256, cut to 128 bits.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct QuotaId([u8; 16]);

impl QuotaId {
    /// The quota `limit` of the key with this label.
    pub fn new(key: &str, limit: &str) -> Self {
        Self(hash("quota", &[key, limit]))
    }

    /// The id with these bytes, as they come back from a store.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes for a store to keep.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for QuotaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QuotaId({:032x})", u128::from_be_bytes(self.0))
    }
}

/// The kind, length and time zone of a window, hashed.
pub(crate) fn rule_of(window: &Window) -> [u8; 16] {
    hash("window", &[&window.shape()])
}

/// Hashes texts so that no two lists of them run together to the same bytes.
fn hash(what: &str, parts: &[&str]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    for part in [what].iter().chain(parts) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hasher.update(length.to_le_bytes());
        hasher.update(part);
    }
    first_half(&hasher.finalize().into())
}

/// The first 128 bits of a hash.
pub(crate) fn first_half(hash: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_run_together_are_different_quotas() {
        let id = QuotaId::new;
        assert_ne!(id("team", "a/day"), id("teama", "/day"));
        assert_ne!(id("", "team"), id("team", ""));
        assert_eq!(
            id("team", "day"),
            QuotaId::from_bytes(*id("team", "day").as_bytes())
        );
    }
}
