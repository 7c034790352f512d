use paceline_core::Timestamp;
use sha2::{Digest, Sha256};

use crate::{Mark, QuotaId, quota_id::first_half};

/// What a copy of a record begins with; the last byte is the version of the format.
pub(crate) const MAGIC: [u8; 8] = *b"pacehwm2";

/// What a slot is filled with before another record may go there. No record holds this byte, so parts of it
/// complete none.
pub(crate) const ERASED: u8 = b'-';

/// What a place is filled with before another quota may begin there. No record holds it either.
pub(crate) const BLANK: u8 = 0;

/// Bytes of a copy.
pub(crate) const LENGTH: usize = MAGIC.len() + 2 * BODY;

/// One mark as it stands in a file.
///
/// After the magic of 8 bytes, each byte of these is two letters from `a` to `p`, the upper half first:
/// sequence 8, quota 16, rule 16, end of the window 8, granted up to 8, pass 8, checksum 16. Numbers are
/// little-endian. The checksum is the first half of SHA-256 over the number of the entry and all before it, so
/// that a record that was written to the wrong place is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Record {
    pub(crate) sequence: u64,
    pub(crate) quota: QuotaId,
    pub(crate) mark: Mark,
    /// How often the copies of this record have been written again; the copy with more is the later one.
    pub(crate) pass: u64,
}

impl Record {
    pub(crate) fn encode(&self, entry: u64) -> [u8; LENGTH] {
        let mut body = [0; BODY];
        body[..8].copy_from_slice(&self.sequence.to_le_bytes());
        body[8..24].copy_from_slice(self.quota.as_bytes());
        body[24..40].copy_from_slice(&self.mark.rule);
        body[40..48].copy_from_slice(&self.mark.ends_at.as_nanos().to_le_bytes());
        body[48..56].copy_from_slice(&self.mark.granted_up_to.to_le_bytes());
        body[56..64].copy_from_slice(&self.pass.to_le_bytes());
        let checksum = checksum(entry, &body[..CHECKED]);
        body[CHECKED..].copy_from_slice(&checksum);

        let mut bytes = [0; LENGTH];
        let (magic, letters) = bytes.split_at_mut(MAGIC.len());
        magic.copy_from_slice(&MAGIC);
        for (pair, byte) in letters.chunks_exact_mut(2).zip(body) {
            pair.copy_from_slice(&[b'a' + (byte >> 4), b'a' + (byte & 15)]);
        }
        bytes
    }

    /// The record in these bytes, or `None` if they are not whole.
    pub(crate) fn decode(entry: u64, bytes: &[u8; LENGTH]) -> Option<Self> {
        let letters = bytes.strip_prefix(&MAGIC)?;
        let mut body = [0; BODY];
        for (byte, pair) in body.iter_mut().zip(letters.chunks_exact(2)) {
            *byte = half(pair[0])? << 4 | half(pair[1])?;
        }
        if body[CHECKED..] != checksum(entry, &body[..CHECKED]) {
            return None;
        }
        Some(Self {
            sequence: u64::from_le_bytes(part(&body, 0)),
            quota: QuotaId::from_bytes(part(&body, 8)),
            mark: Mark {
                rule: part(&body, 24),
                ends_at: Timestamp::from_nanos(u64::from_le_bytes(part(&body, 40))),
                granted_up_to: u64::from_le_bytes(part(&body, 48)),
            },
            pass: u64::from_le_bytes(part(&body, 56)),
        })
    }
}

/// Bytes of the fields.
const BODY: usize = 80;
/// How many of them the checksum covers.
const CHECKED: usize = BODY - 16;

/// The half of a byte that this letter stands for.
fn half(letter: u8) -> Option<u8> {
    letter.checked_sub(b'a').filter(|&half| half < 16)
}

fn checksum(entry: u64, bytes: &[u8]) -> [u8; 16] {
    let hasher = Sha256::new().chain_update(entry.to_le_bytes());
    first_half(&hasher.chain_update(bytes).finalize().into())
}

fn part<const N: usize>(body: &[u8; BODY], from: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&body[from..from + N]);
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_record_holds_a_byte_that_erases() {
        for byte in 0..=u8::MAX {
            let number = u64::from_le_bytes([byte; 8]);
            let record = Record {
                sequence: number,
                quota: QuotaId::from_bytes([byte; 16]),
                mark: Mark {
                    rule: [byte; 16],
                    ends_at: Timestamp::from_nanos(number),
                    granted_up_to: number,
                },
                pass: number,
            };
            let bytes = record.encode(number);
            assert!(!bytes.contains(&ERASED) && !bytes.contains(&BLANK));
            assert_eq!(Record::decode(number, &bytes), Some(record));
        }
    }
}
