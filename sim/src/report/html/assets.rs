use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

/// All styles of the page.
pub(super) const STYLE: &str = concat!(
    include_str!("../../../assets/report/uPlot.min.css"),
    include_str!("../../../assets/report/report.css"),
);

/// All code of the page.
pub(super) const SCRIPT: &str = concat!(
    include_str!("../../../assets/report/density.js"),
    include_str!("../../../assets/report/uPlot.iife.min.js"),
    include_str!("../../../assets/report/format.js"),
    include_str!("../../../assets/report/selection.js"),
    include_str!("../../../assets/report/chart.js"),
    include_str!("../../../assets/report/page.js"),
);

/// What the page may do: run and look like what it brings, known by its hash, and nothing else.
pub(super) fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page ends an element at its closing tag, whatever it is in.
    #[test]
    fn nothing_in_the_assets_ends_their_element() {
        let lower = |text: &str| text.to_ascii_lowercase();
        for text in [lower(SCRIPT), lower(STYLE)] {
            assert!(!text.contains("</"));
            assert!(!text.contains("<!--"));
            assert!(!text.contains("\r"), "a browser would hash another text");
        }
    }
}
