use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// One of several parts of a sweep, such as `2/8`: every eighth point, beginning with the second.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Which part, counted from 1.
    pub number: u32,
    /// Of how many.
    pub count: u32,
}

impl Shard {
    /// The one part of a sweep that is not split.
    pub const WHOLE: Self = Self {
        number: 1,
        count: 1,
    };

    /// Whether a point belongs to it.
    pub fn has(self, point: usize) -> bool {
        point as u64 % u64::from(self.count) == u64::from(self.number - 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers =
            parts.and_then(|(number, count)| Some((number.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((number, count)) if number >= 1 && number <= count => Ok(Self { number, count }),
            _ => Err("expected I/N with I from 1 to N, such as 2/8".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_point_belongs_to_one_shard(count in 1_u32..50, point in 0_usize..10_000) {
            let shards = (1..=count).map(|number| Shard { number, count });
            prop_assert_eq!(shards.filter(|shard| shard.has(point)).count(), 1);
        }

        #[test]
        fn a_shard_is_read_as_it_is_written(count in 1_u32.., number in 1_u32..) {
            let shard = Shard { number: number % count + 1, count };
            prop_assert_eq!(shard.to_string().parse(), Ok(shard));
        }
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for wrong in ["", "1", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
