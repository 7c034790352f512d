//! From a file to a scenario, or to an error that says where and why.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use toml_edit::DocumentMut;

use super::{Override, Scenario, workload::Arrivals};

/// A scenario is written by hand; a file beyond this is something else.
const LARGEST_FILE: u64 = 4 << 20;

/// A scenario as it was written, to be read with one change or another.
#[derive(Clone, Debug)]
pub struct ScenarioFile {
    path: PathBuf,
    text: String,
    /// As it was written.
    scenario: Scenario,
}

impl ScenarioFile {
    /// Reads a scenario as it was written.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, is not TOML, or is not a legal scenario.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = read_text(path).with_context(|| format!("{shown}"))?;
        let scenario = Scenario::parse(&text, &shown.to_string())?;
        let scenario = belonging_to(path, &text, scenario);
        let path = path.to_owned();
        Ok(Self {
            path,
            text,
            scenario,
        })
    }

    /// What was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The scenario, changed as the command line says.
    ///
    /// # Errors
    ///
    /// Fails if what it then says is not a legal scenario.
    pub fn scenario(&self, overrides: &[Override]) -> anyhow::Result<Scenario> {
        if overrides.is_empty() {
            return Ok(self.scenario.clone());
        }
        let text = changed(&self.text, overrides)?;
        // The file itself is fine, so whatever is wrong now came from the command line.
        let typed: Vec<_> = overrides.iter().map(Override::text).collect();
        let origin = format!(
            "{} with --set {}",
            self.path.display(),
            typed.join(" --set ")
        );
        // Its lines are no longer those of the file.
        let scenario = Scenario::parse_at(&text, &origin, |_| origin.clone())?;
        Ok(belonging_to(&self.path, &text, scenario))
    }
}

/// The scenario in a text that belongs to this file.
fn belonging_to(path: &Path, text: &str, mut scenario: Scenario) -> Scenario {
    text.clone_into(&mut scenario.source.text);
    if scenario.name.is_empty() {
        let stem = path.file_stem().unwrap_or_default();
        scenario.name = stem.to_string_lossy().into_owned();
    }
    let tenants = scenario.providers.iter_mut().flat_map(|it| &mut it.tenants);
    let tenants = tenants.map(|tenant| &mut tenant.requests);
    for workload in scenario.workloads.iter_mut().chain(tenants) {
        if let Arrivals::Trace { path: trace, .. } | Arrivals::Sessions { path: trace, .. } =
            &mut workload.arrivals
        {
            *trace = beside(path, trace);
        }
    }
    scenario
}

impl Scenario {
    /// Reads a scenario and changes it as the command line says.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, is not TOML, or is not a legal scenario.
    pub fn read(path: &Path, overrides: &[Override]) -> anyhow::Result<Self> {
        ScenarioFile::open(path)?.scenario(overrides)
    }

    /// Reads a scenario from its text, which stands in `origin`.
    pub(crate) fn parse(text: &str, origin: &str) -> anyhow::Result<Self> {
        Self::parse_at(text, origin, |line| format!("{origin}:{line}"))
    }

    /// The same; `at` names a line of it.
    fn parse_at(text: &str, origin: &str, at: impl Fn(usize) -> String) -> anyhow::Result<Self> {
        let located = |line: usize, field: &str, what: &str| {
            let field = if field.is_empty() || field == "." {
                String::new()
            } else {
                format!("{field}: ")
            };
            anyhow::anyhow!("{}: {field}{}", at(line), what.trim_end())
        };
        let deserializer = toml::Deserializer::parse(text)
            .map_err(|err| located(line_of(text, err.span()), "", err.message()))?;
        let scenario: Self = serde_path_to_error::deserialize(deserializer).map_err(|err| {
            let line = line_of(text, err.inner().span());
            located(line, &err.path().to_string(), err.inner().message())
        })?;
        if let Err(what) = scenario.validate() {
            bail!("{origin}: {what}");
        }
        Ok(scenario)
    }
}

/// Reads a text file of a bounded size.
fn read_text(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut file = fs::File::open(path)?.take(LARGEST_FILE + 1);
    file.read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST_FILE {
        bail!("expected a scenario of at most 4 MiB");
    }
    Ok(text)
}

fn changed(text: &str, overrides: &[Override]) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse()?;
    for change in overrides {
        let typed = change.text();
        let applied = change.apply(&mut document);
        applied.map_err(|what| anyhow::anyhow!("--set {typed}: {what}"))?;
    }
    Ok(document.to_string())
}

/// The line, counted from 1, on which a span of the text begins.
fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start.min(text.len()));
    text.as_bytes()[..start]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1
}

/// A path in a scenario is relative to the scenario.
fn beside(scenario: &Path, path: &Path) -> PathBuf {
    scenario
        .parent()
        .map_or_else(|| path.to_owned(), |folder| folder.join(path))
}
