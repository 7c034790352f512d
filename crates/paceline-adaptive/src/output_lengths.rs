/// How long recent answers were, in bounded memory: the last 64 of them.
///
/// # Examples
///
/// ```
/// use paceline_adaptive::OutputLengths;
///
/// let mut lengths = OutputLengths::new();
/// assert_eq!(lengths.most(), None);
/// for tokens in 1..=64 {
///     lengths.learn(tokens);
/// }
/// // 58 of 64 answers are no longer than this.
/// assert_eq!(lengths.most(), Some(58));
/// ```
#[derive(Clone, Debug)]
pub struct OutputLengths {
    recent: [u64; Self::KEPT],
    /// How many were learned.
    seen: usize,
}

impl OutputLengths {
    /// How many answers are remembered.
    pub const KEPT: usize = 64;

    /// Knows of no answer.
    pub const fn new() -> Self {
        Self {
            recent: [0; Self::KEPT],
            seen: 0,
        }
    }

    /// Learns how long an answer was, in tokens.
    pub const fn learn(&mut self, tokens: u64) {
        self.recent[self.seen % Self::KEPT] = tokens;
        self.seen = self.seen.wrapping_add(1);
        if self.seen == 0 {
            // All are known still.
            self.seen = Self::KEPT;
        }
    }

    /// What nine of ten recent answers do not exceed; `None` if there was none.
    pub fn most(&self) -> Option<u64> {
        let known = self.seen.min(Self::KEPT);
        let mut sorted = self.recent;
        let sorted = &mut sorted[..known];
        sorted.sort_unstable();
        let rank = (9 * known).div_ceil(10);
        sorted.get(rank.checked_sub(1)?).copied()
    }
}

impl Default for OutputLengths {
    fn default() -> Self {
        Self::new()
    }
}
