use paceline_core::{LimitWindow, Metric};

/// What a limiter counts and over which window, as told by its name.
///
/// `UserByModelByMinuteUncachedInputTokens` and `GenerateRequestsPerDayPerProjectPerModel-FreeTier`
/// are such names; case and punctuation do not matter.
pub(crate) fn read(name: &str) -> (Metric, Option<LimitWindow>) {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let name: alloc::string::String = letters.map(|c| c.to_ascii_lowercase()).collect();
    let metric = [
        ("uncachedinputtoken", Metric::UncachedInputTokens),
        ("inputtoken", Metric::InputTokens),
        ("outputtoken", Metric::OutputTokens),
        ("token", Metric::Tokens),
        ("concurren", Metric::Concurrency),
        ("request", Metric::Requests),
    ];
    let window = [
        ("second", LimitWindow::SECOND),
        ("min", LimitWindow::MINUTE),
        ("hour", LimitWindow::HOUR),
        ("day", LimitWindow::DAY),
        ("month", LimitWindow::Month),
    ];
    let metric = metric.into_iter().find(|(part, _)| name.contains(part));
    let window = window.into_iter().find(|(unit, _)| {
        let mut units = name.match_indices(unit);
        units.any(|(at, _)| name[..at].ends_with("per") || name[..at].ends_with("by"))
    });
    (
        metric.map_or(Metric::Unknown, |(_, metric)| metric),
        window.map(|(_, window)| window),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_counted_and_how_long() {
        for (name, metric, window) in [
            (
                "UserByModelByMinuteUncachedInputTokens",
                Metric::UncachedInputTokens,
                Some(LimitWindow::MINUTE),
            ),
            ("UserByModelByDay", Metric::Unknown, Some(LimitWindow::DAY)),
            (
                "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
                Metric::Requests,
                Some(LimitWindow::DAY),
            ),
            (
                "GenerateContentInputTokensPerModelPerMinute-FreeTier",
                Metric::InputTokens,
                Some(LimitWindow::MINUTE),
            ),
            (
                "free-models-per-min",
                Metric::Unknown,
                Some(LimitWindow::MINUTE),
            ),
            ("monday", Metric::Unknown, None),
            ("", Metric::Unknown, None),
        ] {
            assert_eq!(read(name), (metric, window), "{name}");
        }
    }
}
