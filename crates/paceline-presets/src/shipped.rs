use std::{error, fmt};

use crate::ProviderPreset;

macro_rules! texts {
    ($($name:literal),* $(,)?) => {
        &[$((
            $name,
            include_str!(concat!("../providers/", $name, ".toml")),
        )),*]
    };
}

/// The name and the TOML text of every preset that ships, by name.
pub const TEXTS: &[(&str, &str)] = texts![
    "anthropic-scale",
    "anthropic-start",
    "azure-standard",
    "cerebras-free",
    "cohere-production",
    "cohere-trial",
    "deepseek-v4-pro",
    "gateway-business",
    "gateway-free",
    "gateway-pro",
    "gemini-free",
    "groq-free",
    "groq-free-gpt-oss-120b",
    "mistral-free",
    "nvidia-nim-free",
    "openai-tier-1",
    "openai-tier-5",
    "openrouter-free",
    "openrouter-topped-up",
    "thirty-at-a-time",
    "virtual-key",
];

/// No preset has this name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownPreset(
    /// The name.
    pub String,
);

/// All presets that ship, by name.
pub fn all() -> impl Iterator<Item = ProviderPreset> {
    TEXTS.iter().map(|(name, text)| legal(name, text))
}

/// The preset of this name.
///
/// # Errors
///
/// Fails if there is none; the message lists the names.
pub fn find(name: &str) -> Result<ProviderPreset, UnknownPreset> {
    text(name).map(|text| legal(name, text))
}

/// The TOML text of the preset of this name, to be copied and corrected.
///
/// # Errors
///
/// Fails if there is none; the message lists the names.
pub fn text(name: &str) -> Result<&'static str, UnknownPreset> {
    let found = TEXTS.iter().find(|(other, _)| *other == name);
    found
        .map(|(_, text)| *text)
        .ok_or_else(|| UnknownPreset(name.to_owned()))
}

/// What ships is part of this crate, and its tests read all of it.
fn legal(name: &str, text: &str) -> ProviderPreset {
    ProviderPreset::read(name, text).expect("shipped presets are legal")
}

impl fmt::Display for UnknownPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = TEXTS.iter().map(|(name, _)| *name).collect();
        let (unknown, names) = (&self.0, names.join("`, `"));
        write!(
            f,
            "unknown provider preset `{unknown}`, expected one of `{names}`"
        )
    }
}

impl error::Error for UnknownPreset {}
