use std::convert::Infallible;

use rand_chacha::rand_core::TryRng;

/// A few numbers of a random stream: those that [`ChaCha8Rng`](rand_chacha::ChaCha8Rng) yields for its key and
/// stream.
///
/// The library's generator makes 64 words at a time, which is best for long streams. Of one that belongs to a
/// single call, a handful is drawn: this makes 16 words at a time.
#[derive(Clone, Debug)]
pub struct Draws {
    key: [u32; 8],
    stream: u64,
    /// The number of the block that is made next.
    block: u64,
    words: [u32; 16],
    /// How many of the words were drawn.
    drawn: usize,
}

impl Draws {
    pub(super) const fn new(key: [u32; 8], stream: u64) -> Self {
        Self {
            key,
            stream,
            block: 0,
            words: [0; 16],
            drawn: 16,
        }
    }

    /// Makes the next block, as Bernstein, *ChaCha, a variant of Salsa20*, 2008, with 8 rounds, a counter of
    /// 64 bits and a nonce of 64 bits.
    fn refill(&mut self) {
        let [k0, k1, k2, k3, k4, k5, k6, k7] = self.key;
        let (b0, b1) = halves(self.block);
        let (s0, s1) = halves(self.stream);
        // "expand 32-byte k"
        #[rustfmt::skip]
        let start = [
            0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574,
            k0, k1, k2, k3, k4, k5, k6, k7,
            b0, b1, s0, s1,
        ];
        let mut x = start;
        for _ in 0..4 {
            quarter(&mut x, 0, 4, 8, 12);
            quarter(&mut x, 1, 5, 9, 13);
            quarter(&mut x, 2, 6, 10, 14);
            quarter(&mut x, 3, 7, 11, 15);
            quarter(&mut x, 0, 5, 10, 15);
            quarter(&mut x, 1, 6, 11, 12);
            quarter(&mut x, 2, 7, 8, 13);
            quarter(&mut x, 3, 4, 9, 14);
        }
        for (word, start) in x.iter_mut().zip(start) {
            *word = word.wrapping_add(start);
        }
        self.words = x;
        self.block = self.block.wrapping_add(1);
        self.drawn = 0;
    }

    fn word(&mut self) -> u32 {
        if self.drawn == self.words.len() {
            self.refill();
        }
        let word = self.words[self.drawn];
        self.drawn += 1;
        word
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.word());
        Ok(u64::from(self.word()) << 32 | low)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

const fn halves(number: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = number.to_le_bytes();
    (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    )
}

#[inline(always)]
const fn quarter(x: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    x[a] = x[a].wrapping_add(x[b]);
    x[d] = (x[d] ^ x[a]).rotate_left(16);
    x[c] = x[c].wrapping_add(x[d]);
    x[b] = (x[b] ^ x[c]).rotate_left(12);
    x[a] = x[a].wrapping_add(x[b]);
    x[d] = (x[d] ^ x[a]).rotate_left(8);
    x[c] = x[c].wrapping_add(x[d]);
    x[b] = (x[b] ^ x[c]).rotate_left(7);
}
