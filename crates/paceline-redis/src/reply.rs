/// What the script answers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) verdict: Verdict,
    /// The server's time, in microseconds.
    pub(crate) now: u64,
    pub(crate) anomalies: u64,
    /// Quotas of which the store knew less than this process.
    pub(crate) lost: u64,
    /// What each limit says, to be told again when cells are given back.
    pub(crate) told: Vec<[u64; 4]>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Granted; the same would be granted again after so many microseconds.
    Granted { again_after: u64 },
    /// Denied by the limit with this number, 0 being the pause, for so many microseconds.
    Denied { wait: u64, binding: usize },
    /// The server's time lies outside the boundaries of a calendar that were stated.
    OtherTime,
    /// The key with this number holds what no decision has written.
    Damaged { key: usize },
}

impl Reply {
    /// Reads an answer about so many limits, or `None` if it has another form.
    pub(crate) fn read(numbers: &[i64], limits: usize) -> Option<Self> {
        let number = |i: usize| numbers.get(i).and_then(|&n| u64::try_from(n).ok());
        let (wait, binding) = (number(2)?, usize::try_from(number(5)?).ok()?);
        let verdict = match number(0)? {
            0 => Verdict::Denied { wait, binding },
            1 => Verdict::Granted { again_after: wait },
            2 => Verdict::OtherTime,
            3 => Verdict::Damaged { key: binding },
            _ => return None,
        };
        let mut told = Vec::with_capacity(limits);
        if matches!(verdict, Verdict::Granted { .. } | Verdict::Denied { .. }) {
            for limit in 0..limits {
                let at = 6 + 4 * limit;
                told.push([
                    number(at)?,
                    number(at + 1)?,
                    number(at + 2)?,
                    number(at + 3)?,
                ]);
            }
        }
        Some(Self {
            verdict,
            now: number(1)?,
            anomalies: number(3)?,
            lost: number(4)?,
            told,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_is_none() {
        for bad in [
            &[][..],
            &[1],
            &[7, 1, 0, 0, 0, 0],
            &[1, -1, 0, 0, 0, 0],
            &[1, 5, 0, 0, 0, 0, 1],
        ] {
            assert!(Reply::read(bad, 1).is_none(), "{bad:?}");
        }
        let reply = Reply::read(&[0, 5, 9, 0, 0, 1, 1, 2, 3, 4], 1).expect("it is one");
        assert_eq!(
            reply.verdict,
            Verdict::Denied {
                wait: 9,
                binding: 1
            }
        );
        assert_eq!(reply.told, [[1, 2, 3, 4]]);
    }
}
