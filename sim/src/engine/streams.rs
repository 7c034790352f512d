use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// The random streams of one run: one seed, and a stream of its own for every name.
///
/// Streams are independent, and one does not move when another is drawn from. Strategies that are
/// compared under one seed therefore meet the same arrivals, sizes, latencies and faults, whatever
/// each of them does (common random numbers). ChaCha is a fixed algorithm: a seed means the same
/// numbers on every platform and in every version.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The streams of the run with this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream with this name, from its start.
    pub fn named(self, name: &str) -> ChaCha8Rng {
        self.numbered(name, &[])
    }

    /// The stream with this name for, say, one attempt of one request.
    ///
    /// What it yields depends on the name and the numbers alone, not on the order of events.
    pub fn numbered(self, name: &str, numbers: &[u64]) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        rng.set_stream(fnv1a(name.bytes().chain(bytes)));
        rng
    }

    /// The streams of the replication with this number; replication 0 has the seed itself.
    #[must_use]
    pub fn replication(self, number: u32) -> Self {
        if number == 0 {
            return self;
        }
        self.branch("replication", &[u64::from(number)])
    }

    /// Streams for everything below this name and these numbers.
    #[must_use]
    pub fn branch(self, name: &str, numbers: &[u64]) -> Self {
        Self::new(self.numbered(name, numbers).next_u64())
    }
}

/// The 64-bit FNV-1a hash, whose definition never changes.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_name_and_numbers_alone() {
        let draw =
            |seed, name, numbers: &[u64]| Streams::new(seed).numbered(name, numbers).next_u64();
        let reference = draw(7, "faults", &[3, 1]);
        assert_eq!(reference, draw(7, "faults", &[3, 1]));
        let others = [
            draw(8, "faults", &[3, 1]),
            draw(7, "sizes", &[3, 1]),
            draw(7, "faults", &[3, 2]),
            draw(7, "faults", &[1, 3]),
        ];
        assert!(!others.contains(&reference));
    }

    /// Guards the meaning of every published seed.
    #[test]
    fn a_seed_means_the_same_numbers_forever() {
        assert_eq!(fnv1a(b"foobar".iter().copied()), 0x8594_4171_f739_67e8);
        let mut zero = ChaCha8Rng::from_seed([0; 32]);
        // The first bytes of the ChaCha8 key stream for a zero key are 3e 00 ef 2f 89 5f 40 d6.
        assert_eq!(zero.next_u64(), 0xd640_5f89_2fef_003e);
    }
}
