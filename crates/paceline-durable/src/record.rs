use paceline_core::Timestamp;
use sha2::{Digest, Sha256};

use crate::{Mark, QuotaId, quota_id::first_half};

/// What a copy of a record begins with; the last byte is the version of the format.
pub(crate) const MAGIC: [u8; 8] = *b"pacehwm\x01";

/// Bytes of a copy.
pub(crate) const LENGTH: usize = 88;

/// One mark as it stands in a file.
///
/// All numbers are little-endian: magic 8, sequence 8, quota 16, rule 16, end of the window 8, granted
/// up to 8, pass 8, checksum 16. The checksum is the first half of SHA-256 over all before it and
/// the number of the entry, so that a record that was written to the wrong place is none.
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
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..32].copy_from_slice(self.quota.as_bytes());
        bytes[32..48].copy_from_slice(&self.mark.rule);
        bytes[48..56].copy_from_slice(&self.mark.ends_at.as_nanos().to_le_bytes());
        bytes[56..64].copy_from_slice(&self.mark.granted_up_to.to_le_bytes());
        bytes[64..72].copy_from_slice(&self.pass.to_le_bytes());
        let checksum = checksum(entry, &bytes[..CHECKED]);
        bytes[CHECKED..].copy_from_slice(&checksum);
        bytes
    }

    /// The record in these bytes, or `None` if they are not whole.
    pub(crate) fn decode(entry: u64, bytes: &[u8; LENGTH]) -> Option<Self> {
        if bytes[..8] != MAGIC || bytes[CHECKED..] != checksum(entry, &bytes[..CHECKED]) {
            return None;
        }
        Some(Self {
            sequence: u64::from_le_bytes(part(bytes, 8)),
            quota: QuotaId::from_bytes(part(bytes, 16)),
            mark: Mark {
                rule: part(bytes, 32),
                ends_at: Timestamp::from_nanos(u64::from_le_bytes(part(bytes, 48))),
                granted_up_to: u64::from_le_bytes(part(bytes, 56)),
            },
            pass: u64::from_le_bytes(part(bytes, 64)),
        })
    }
}

/// How many bytes the checksum covers.
const CHECKED: usize = LENGTH - 16;

fn checksum(entry: u64, bytes: &[u8]) -> [u8; 16] {
    let hasher = Sha256::new().chain_update(entry.to_le_bytes());
    first_half(&hasher.chain_update(bytes).finalize().into())
}

fn part<const N: usize>(bytes: &[u8; LENGTH], from: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[from..from + N]);
    part
}
