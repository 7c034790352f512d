//! Dimensions in words, as they are displayed.

use alloc::{format, string::String};

use paceline_core::Dimension;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

const ALL: [Dimension; 4] = [
    Dimension::Requests,
    Dimension::InputTokens,
    Dimension::OutputTokens,
    Dimension::Tokens,
];

pub(crate) fn serialize<S: Serializer>(
    dimension: &Dimension,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(dimension)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Dimension, D::Error> {
    let word = String::deserialize(deserializer)?;
    let found = ALL
        .into_iter()
        .find(|dimension| format!("{dimension}") == word);
    found.ok_or_else(|| D::Error::custom(format!("no dimension is called {word:?}")))
}
