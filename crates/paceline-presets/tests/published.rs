//! The figures of the presets that ship.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use paceline_core::{Dimension, LimitWindow};
use paceline_presets::{Charge, Enforcement, PresetLimit, RateLimit};
use serde_json::Value;

/// What is counted, over which window, and how much of it.
type Figure = (String, String, u64);

/// The preset, and under which provider, tier and model its figures are published.
const PUBLISHED: [[&str; 4]; 18] = [
    ["anthropic-scale", "anthropic", "scale", "claude-fable-5"],
    ["anthropic-start", "anthropic", "start", "claude-fable-5"],
    ["cerebras-free", "cerebras", "free", "gpt-oss-120b"],
    ["cohere-production", "cohere", "production", "chat"],
    ["cohere-trial", "cohere", "trial", "chat"],
    ["deepseek-v4-pro", "deepseek", "*", "deepseek-v4-pro"],
    ["gateway-business", "llmhub", "business", "*"],
    ["gateway-free", "llmhub", "free", "*"],
    ["gateway-pro", "llmhub", "pro", "*"],
    ["gemini-free", "gemini", "free", "gemini-3.5-flash"],
    ["groq-free", "groq", "free", "llama-3.1-8b-instant"],
    [
        "groq-free-gpt-oss-120b",
        "groq",
        "free",
        "openai/gpt-oss-120b",
    ],
    ["mistral-free", "mistral", "free", "*"],
    ["nvidia-nim-free", "nvidia-nim", "free", "*"],
    ["openai-tier-1", "openai", "tier1", "gpt-6-sol"],
    ["openai-tier-5", "openai", "tier5", "gpt-6-sol"],
    ["openrouter-free", "openrouter", "free", ":free models"],
    [
        "openrouter-topped-up",
        "openrouter",
        "free-with-10usd-topup",
        ":free models",
    ],
];

/// Of no particular product, or derived from what is published.
const UNPUBLISHED: [&str; 3] = ["azure-standard", "thirty-at-a-time", "virtual-key"];

fn figure(limit: &PresetLimit) -> Figure {
    let PresetLimit::Rate(rate) = limit else {
        let PresetLimit::Concurrency(limit) = limit else {
            unreachable!()
        };
        return ("concurrency".to_owned(), "in-flight".to_owned(), *limit);
    };
    let window = match rate.window {
        LimitWindow::SECOND => "second",
        LimitWindow::MINUTE => "minute",
        LimitWindow::HOUR => "hour",
        LimitWindow::DAY => "day",
        LimitWindow::Month => "month",
        _ => "another",
    };
    (rate.counts.to_string(), window.to_owned(), rate.limit)
}

/// What is published for a tier of a model, or for all its models; `None` if it is none of what
/// presets speak of.
fn published(row: &Value, [_, provider, tier, model]: [&str; 4]) -> Option<Figure> {
    let ours = row["provider"] == provider
        && row["tier"] == tier
        && (row["model"] == model || row["model"] == "*");
    let counts = match row["metric"].as_str()? {
        "uncached-input-tokens" => "input tokens".to_owned(),
        metric => metric.replace('-', " "),
    };
    let known = [
        "requests",
        "tokens",
        "input tokens",
        "output tokens",
        "concurrency",
    ];
    let figure = (
        counts,
        row["window"].as_str()?.to_owned(),
        row["limit"].as_u64()?,
    );
    (ours && known.contains(&figure.0.as_str())).then_some(figure)
}

#[test]
fn presets_say_what_is_published_where_that_is_at_hand() {
    let data =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/provider_limits.json");
    let Ok(text) = fs::read_to_string(data) else {
        return;
    };
    let data: Value = serde_json::from_str(&text).expect("the data are JSON");
    let rows = data["limits"].as_array().expect("a list of limits");
    for row in PUBLISHED {
        let preset = paceline_presets::find(row[0]).expect("it ships");
        let ours: BTreeSet<_> = preset.limits.iter().map(figure).collect();
        assert_eq!(ours.len(), preset.limits.len(), "{} repeats itself", row[0]);
        let theirs: BTreeSet<_> = rows.iter().filter_map(|of| published(of, row)).collect();
        assert_eq!(ours, theirs, "{}", row[0]);
    }
}

#[test]
fn every_preset_is_held_against_what_is_published_or_known_not_to_be() {
    let mut held: Vec<_> = PUBLISHED.iter().map(|row| row[0]).collect();
    held.extend(UNPUBLISHED);
    held.sort_unstable();
    let names: Vec<_> = paceline_presets::TEXTS
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(names, held);
}

#[test]
fn every_file_ships() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
    let files = fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<_> = files
        .map(|file| file.expect("readable").file_name().into_string())
        .map(|name| name.expect("names are ASCII"))
        .collect();
    files.sort_unstable();
    let shipped = paceline_presets::all().map(|preset| format!("{}.toml", preset.name));
    assert_eq!(
        shipped.collect::<BTreeSet<_>>(),
        files.into_iter().collect()
    );
}

#[test]
fn every_preset_says_what_it_is_and_whence_it_comes() {
    for preset in paceline_presets::all() {
        assert!(!preset.summary.is_empty(), "{}", preset.name);
        assert!(!preset.source.is_empty(), "{}", preset.name);
        assert!(!preset.limits.is_empty(), "{} limits nothing", preset.name);
    }
}

/// The line that people read and the limits that programs keep are written by hand, twice.
#[test]
fn the_summary_names_every_figure() {
    for preset in paceline_presets::all() {
        for limit in &preset.limits {
            let (counts, window, limit) = figure(limit);
            let figure = grouped(limit);
            let words = preset.summary.split([' ', '/']);
            let mut numbers = words.map(|word| word.trim_end_matches([',', ';', ':']));
            let name = &preset.name;
            assert!(
                numbers.any(|number| number == figure),
                "{name}: {figure} {counts} per {window}"
            );
        }
    }
}

/// With a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[test]
fn azure_counts_a_sixth_of_its_requests_over_ten_seconds() {
    let azure = paceline_presets::find("azure-standard").expect("it ships");
    let (tokens_a_minute, requests_per_thousand) = (60_000, 6);
    let requests_a_minute = tokens_a_minute / 1_000 * requests_per_thousand;
    let log = |counts, limit, seconds| {
        PresetLimit::Rate(RateLimit {
            counts,
            limit,
            window: LimitWindow::Span(Duration::from_secs(seconds)),
            enforcement: Enforcement::SlidingLog,
        })
    };
    let expected = [
        log(Dimension::Requests, requests_a_minute / 6, 10),
        log(Dimension::Tokens, tokens_a_minute, 60),
    ];
    assert_eq!(azure.limits, expected);
    assert_eq!(azure.charge, Charge::InputAndMaxTokens);
    assert!(azure.refused_calls_count);
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let err = paceline_presets::find("openai-tier-9").expect_err("there is none");
    let message = err.to_string();
    assert!(message.contains("`openai-tier-9`"));
    for (name, text) in paceline_presets::TEXTS {
        assert!(message.contains(&format!("`{name}`")), "{name}");
        assert_eq!(paceline_presets::text(name), Ok(*text));
    }
    assert!(paceline_presets::text("openai-tier-9").is_err());
}
