//! Shipped providers, strategies and workloads, in the format of scenarios.

use serde::de::DeserializeOwned;

/// A named piece of a scenario that ships with the program.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// Its TOML text; the first comment line says what it is.
    pub text: &'static str,
}

/// The presets of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Presets {
    /// What they are, in the singular.
    pub kind: &'static str,
    /// The names and texts of all of them, by name.
    texts: &'static [(&'static str, &'static str)],
}

macro_rules! texts {
    ($folder:literal, [$($name:literal),* $(,)?]) => {
        &[$((
            $name,
            include_str!(concat!("../../presets/", $folder, "/", $name, ".toml")),
        )),*]
    };
}

/// Providers: published limits with their source and date, the same files that programs read.
pub const PROVIDERS: Presets = Presets {
    kind: "provider",
    texts: paceline_presets::TEXTS,
};

/// Strategies: what well-known clients do.
pub const STRATEGIES: Presets = Presets {
    kind: "strategy",
    texts: texts!(
        "strategies",
        [
            "aws-standard",
            "exponential-full-jitter",
            "no-care",
            "retry-after-or-exponential",
            "sdk-default",
            "two-to-the-n",
        ]
    ),
};

/// Workloads: arrivals and sizes as fitted to published traces.
pub const WORKLOADS: Presets = Presets {
    kind: "workload",
    texts: texts!("workloads", []),
};

/// The strategies that are scored, each under what it knows.
pub const SCORE: &str = include_str!("../../presets/score.toml");

impl Preset {
    /// What it is, in one line.
    pub fn summary(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first.trim_start_matches('#').trim()
    }
}

impl Presets {
    /// All of them, by name.
    pub fn all(self) -> impl Iterator<Item = Preset> {
        self.texts.iter().map(|&(name, text)| Preset { name, text })
    }

    /// The preset of this name.
    ///
    /// # Errors
    ///
    /// Fails with the list of names if there is none.
    pub fn find(self, name: &str) -> Result<Preset, String> {
        let found = self.all().find(|preset| preset.name == name);
        found.ok_or_else(|| {
            let names: Vec<_> = self.all().map(|preset| preset.name).collect();
            let (kind, names) = (self.kind, names.join("`, `"));
            format!("unknown {kind} preset `{name}`, expected one of `{names}`")
        })
    }

    /// Reads the preset of this name.
    pub(crate) fn load<T: DeserializeOwned>(self, name: &str) -> Result<T, String> {
        let preset = self.find(name)?;
        toml::from_str(preset.text).map_err(|err| format!("preset `{name}`: {err}"))
    }
}
