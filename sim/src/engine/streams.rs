use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::Draws;

/// The random streams of one run: one seed, and a stream of its own for every name.
///
/// Streams are independent, and one does not move when another is drawn from. Strategies that are
/// compared under one seed therefore meet the same arrivals, sizes, latencies and faults, whatever
/// each of them does (common random numbers). ChaCha is a fixed algorithm: a seed means the same
/// numbers on every platform and in every version.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    key: [u32; 8],
}

impl Streams {
    /// The streams of the run with this seed.
    pub fn new(seed: u64) -> Self {
        let bytes = ChaCha8Rng::seed_from_u64(seed).get_seed();
        let (words, _) = bytes.as_chunks();
        let mut key = [0; 8];
        for (word, bytes) in key.iter_mut().zip(words) {
            *word = u32::from_le_bytes(*bytes);
        }
        Self { key }
    }

    /// The stream with this name, from its start.
    pub fn named(self, name: &str) -> ChaCha8Rng {
        self.numbered(name, &[])
    }

    /// The stream with this name for, say, one attempt of one request.
    ///
    /// What it yields depends on the name and the numbers alone, not on the order of events.
    pub fn numbered(self, name: &str, numbers: &[u64]) -> ChaCha8Rng {
        let mut seed = [0; 32];
        let (words, _) = seed.as_chunks_mut();
        for (bytes, word) in words.iter_mut().zip(self.key) {
            *bytes = word.to_le_bytes();
        }
        let mut rng = ChaCha8Rng::from_seed(seed);
        rng.set_stream(stream(name, numbers));
        rng
    }

    /// The same stream, of which only a few numbers are drawn.
    pub fn few(self, name: &str, numbers: &[u64]) -> Draws {
        Draws::new(self.key, stream(name, numbers))
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

/// The number of the stream with this name and these numbers: the 64-bit FNV-1a hash of their bytes, whose
/// definition never changes.
fn stream(name: &str, numbers: &[u64]) -> u64 {
    let of_name = fnv1a(BASIS, name.bytes());
    numbers.iter().fold(of_name, |hash, number| {
        let zeros = number.leading_zeros() / 8;
        let bytes = number.to_le_bytes().into_iter();
        let hash = fnv1a(hash, bytes.take(8 - zeros as usize));
        // Most numbers are small. A byte of zero leaves nothing but the multiplication.
        hash.wrapping_mul(POWERS[zeros as usize])
    })
}

const BASIS: u64 = 0xCBF2_9CE4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01B3;
/// Of the prime.
const POWERS: [u64; 9] = {
    let mut powers = [1_u64; 9];
    let mut of = 1;
    while of < powers.len() {
        powers[of] = powers[of - 1].wrapping_mul(PRIME);
        of += 1;
    }
    powers
};

fn fnv1a(hash: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

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
        assert_eq!(stream("foobar", &[]), 0x8594_4171_f739_67e8);
        let mut zero = ChaCha8Rng::from_seed([0; 32]);
        // The first bytes of the ChaCha8 key stream for a zero key are 3e 00 ef 2f 89 5f 40 d6.
        assert_eq!(zero.next_u64(), 0xd640_5f89_2fef_003e);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn numbers_are_hashed_byte_by_byte(numbers in vec(any::<u64>(), 0..4), shift in 0..64_u32) {
            let numbers: Vec<u64> = numbers.iter().map(|number| number >> shift).collect();
            let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
            let expected = fnv1a(BASIS, "name".bytes().chain(bytes));
            prop_assert_eq!(stream("name", &numbers), expected);
        }

        /// The oracle is the library that long streams are drawn from.
        #[test]
        fn a_few_numbers_are_the_first_of_the_stream(
            seed: u64, number: u64, steps in vec(0..3_u8, 0..60),
        ) {
            let streams = Streams::new(seed);
            let mut reference = ChaCha8Rng::seed_from_u64(seed);
            reference.set_stream(stream("few", &[number]));
            let (mut few, mut many) = (streams.few("few", &[number]), streams.numbered("few", &[number]));
            for step in steps {
                let draw = |rng: &mut dyn Rng| match step {
                    0 => rng.next_u32().into(),
                    1 => rng.next_u64(),
                    _ => {
                        let mut bytes = [0; 8];
                        rng.fill_bytes(&mut bytes[..7]);
                        u64::from_le_bytes(bytes)
                    }
                };
                let expected = draw(&mut reference);
                prop_assert_eq!(draw(&mut few), expected);
                prop_assert_eq!(draw(&mut many), expected);
            }
        }
    }
}
