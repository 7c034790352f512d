//! Scenarios from text.

use paceline_sim::scenario::Scenario;

/// Reads the scenario in this text.
pub(crate) fn read(text: &str) -> Scenario {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).expect("the folder can be written to");
    Scenario::read(&path, &[]).expect("the test's scenario is legal")
}
