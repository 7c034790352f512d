use std::{error, fmt};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A secret of the deployment, with which labels are hashed before they leave the process.
///
/// All processes that share limits need the same one. Without it nobody can tell from the store whose
/// limits they are, or whether two deployments use the same API key.
#[derive(Clone)]
pub struct Salt(Vec<u8>);

impl Salt {
    /// Takes a secret of at least 16 bytes.
    ///
    /// # Errors
    ///
    /// Fails if it is shorter.
    pub fn new(secret: &[u8]) -> Result<Self, SaltError> {
        if secret.len() < 16 {
            return Err(SaltError);
        }
        Ok(Self(secret.to_vec()))
    }

    /// The first bytes of HMAC-SHA256 of a text, in hexadecimal digits.
    fn hash(&self, text: &str, bytes: usize) -> String {
        let mut digits = String::with_capacity(2 * bytes);
        // HMAC takes keys of any length, so this never fails.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(text.as_bytes());
            for byte in mac.finalize().into_bytes().iter().take(bytes) {
                digits.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
                digits.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
            }
        }
        digits
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(***)")
    }
}

/// The names of one scope's keys: `rl1:{<32 digits>}:<8 digits>`, all in one slot of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
    salt: Salt,
}

impl Names {
    pub(crate) fn new(salt: &Salt, scope: &str) -> Self {
        Self {
            prefix: format!("rl1:{{{}}}:", salt.hash(&format!("scope {scope}"), 16)),
            salt: salt.clone(),
        }
    }

    /// The key of a limit, which is as long for every limit.
    pub(crate) fn of(&self, identity: &str) -> String {
        let id = self.salt.hash(&format!("limit {identity}"), 4);
        format!("{}{id}", self.prefix)
    }
}

/// A salt that is too short: expected at least 16 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SaltError;

impl fmt::Display for SaltError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a salt of at least 16 bytes")
    }
}

impl error::Error for SaltError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 4231, whose key of 4 bytes is padded to 16 by zeros, as HMAC does.
    #[test]
    fn hashes_are_hmac_sha256() {
        let salt = Salt::new(b"Jefe\0\0\0\0\0\0\0\0\0\0\0\0").expect("it is long enough");
        let hash = salt.hash("what do ya want for nothing?", 16);
        assert_eq!(hash, "5bdcc146bf60754e6a042426089575c7");
    }

    #[test]
    fn keys_have_one_length_and_one_tag_whatever_the_label() {
        let salt = Salt::new(&[7; 16]).expect("it is long enough");
        for label in ["", "a", "}{", "a:b", "line\nbreak", &"x".repeat(100_000)] {
            let key = Names::new(&salt, label).of("requests");
            assert_eq!(key.len(), 4 + 34 + 1 + 8, "{label:.9}");
            assert_eq!(key.matches(['{', '}']).count(), 2);
        }
        assert_ne!(
            Names::new(&salt, "a").of("x"),
            Names::new(&salt, "b").of("x")
        );
        assert_eq!(Salt::new(&[7; 15]).err(), Some(SaltError));
    }
}
