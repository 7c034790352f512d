//! What ships is legal, and says what it is.

use std::{fs, path::Path};

use paceline_core::LimitWindow;
use paceline_presets::{Enforcement, PresetLimit, ProviderPreset};
use paceline_quota::CalendarUnit;
use paceline_sim::scenario::{
    Scenario,
    limit::{Kind, Limit},
    presets,
    provider::{Charge, Provider},
    strategy::Queue,
};

#[test]
fn every_shipped_scenario_is_legal_and_states_its_question() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("scenarios ship") {
        let path = entry.expect("readable").path();
        Scenario::read(&path, &[]).expect("shipped scenarios are legal");
        let text = fs::read_to_string(&path).expect("it was just read");
        // For editors; then for people.
        let head = "#:schema ../scenario.schema.json\n# Question: ";
        assert!(text.starts_with(head), "{}", path.display());
        assert!(text.contains("\n# Answer: "), "{}", path.display());
        seen += 1;
    }
    assert_eq!(seen, 13);
}

#[test]
fn every_preset_is_legal_in_a_scenario() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    for provider in presets::PROVIDERS.all() {
        for strategy in presets::STRATEGIES.all() {
            let text = format!(
                "seed = 1\nduration_s = 60
                 [workload]
                 arrivals.batch = {{ jobs = 3 }}
                 input_tokens.fixed = 10
                 output_tokens.fixed = 10
                 [provider]
                 preset = \"{}\"
                 [[strategy]]
                 preset = \"{}\"",
                provider.name, strategy.name
            );
            fs::write(&path, text).expect("the folder can be written to");
            let scenario = Scenario::read(&path, &[]).expect("presets are legal");
            let preset = paceline_presets::find(provider.name).expect("it ships");
            agree(&scenario.providers[0], &preset);
            assert_eq!(scenario.strategies[0].name, strategy.name);
        }
        assert!(!provider.summary().is_empty());
    }
}

#[test]
fn every_workload_says_where_it_is_from_and_what_follows_overrides_it() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let path = folder.path().join("test.toml");
    for preset in presets::WORKLOADS.all() {
        let read = |more: &str| {
            let name = preset.name;
            let text = format!(
                "seed = 1\nduration_s = 60\n[workload]\npreset = \"{name}\"\n{more}\n[[strategy]]\nname = \"s\""
            );
            fs::write(&path, text).expect("the folder can be written to");
            let mut scenario = Scenario::read(&path, &[]).expect("presets are legal");
            scenario.workloads.remove(0)
        };
        let plain = read("");
        assert_eq!(plain.name, preset.name);
        let said = [plain.source, plain.as_of, plain.licence];
        assert!(
            said.iter().all(Option::is_some),
            "{}: {said:?}",
            preset.name
        );
        assert!(plain.input_tokens.is_some() && plain.output_tokens.is_some());
        let changed =
            read("rate_per_min = 77\nname = \"mine\"\nmax_tokens = 9\noutput_tokens.fixed = 3");
        let rate = changed.arrivals.mean_rate_per_min().expect("it has a rate");
        assert!((rate - 77.0).abs() < 1e-6, "{}: {rate}", preset.name);
        assert_eq!(
            (changed.name.as_str(), changed.max_tokens),
            ("mine", Some(9))
        );
        assert!(changed.correlation.is_none(), "it is for sizes of its own");
        let traced = read("arrivals.trace.path = \"x.csv\"");
        assert!(traced.input_tokens.is_none() && traced.profile.is_none());
        assert!(!preset.summary().is_empty());
    }
}

/// Programs and the simulator read the same out of a preset.
fn agree(simulated: &Provider, preset: &ProviderPreset) {
    let name = &preset.name;
    assert_eq!(simulated.source.as_ref(), Some(&preset.source), "{name}");
    assert_eq!(simulated.as_of.as_ref(), Some(&preset.as_of), "{name}");
    assert_eq!(simulated.refused_calls_count, preset.refused_calls_count);
    let charge = match preset.charge {
        paceline_presets::Charge::Input => Charge::Input,
        paceline_presets::Charge::InputAndMaxTokens => Charge::InputAndMaxTokens,
        paceline_presets::Charge::Actual => Charge::Actual,
    };
    assert_eq!(simulated.charge, charge, "{name}");
    assert_eq!(simulated.limits.len(), preset.limits.len(), "{name}");
    for (simulated, limit) in simulated.limits.iter().zip(&preset.limits) {
        match (simulated, limit) {
            (Limit::Concurrency(simulated), PresetLimit::Concurrency(limit)) => {
                assert_eq!(simulated, limit, "{name}");
            }
            (Limit::Rate(simulated), PresetLimit::Rate(limit)) => {
                assert_eq!(simulated.counts, limit.counts, "{name}");
                assert_eq!(Ok(simulated.quota), limit.quota(), "{name}");
                assert_eq!(
                    simulated.kind,
                    kind(&limit.enforcement, limit.window),
                    "{name}"
                );
            }
            _ => panic!("{name}: {simulated:?} is not {limit:?}"),
        }
    }
}

fn kind(enforcement: &Enforcement, window: LimitWindow) -> Kind {
    match enforcement {
        Enforcement::Gcra { .. } => Kind::Gcra,
        Enforcement::TokenBucket { .. } => Kind::TokenBucket,
        Enforcement::SlidingLog => Kind::SlidingLog,
        Enforcement::FixedWindow => Kind::FixedWindow,
        Enforcement::Calendar { zone } => Kind::Calendar {
            unit: match window {
                LimitWindow::MINUTE => CalendarUnit::Minute,
                LimitWindow::HOUR => CalendarUnit::Hour,
                LimitWindow::DAY => CalendarUnit::Day,
                _ => CalendarUnit::Month,
            },
            zone: jiff::tz::TimeZone::get(zone).expect("the zone is bundled"),
        },
        other => panic!("the simulator does not know {other:?}"),
    }
}

/// Real traffic, where it is at hand: every open-loop trace runs, and its requests add up.
#[test]
fn recorded_traffic_runs_where_it_is_at_hand() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let traces = here.join("../../shared/traces");
    for (name, rows) in [
        ("azure_chat_2023.csv", 19_366.0),
        ("azure_code_2023.csv", 5_740.0),
        ("burstgpt_office.csv", 400.0),
        ("claude_agent_team.csv", 1_767.0),
        ("mooncake_longctx.csv", 12_031.0),
    ] {
        let trace = traces.join(name);
        if !trace.exists() {
            continue;
        }
        let mut scenario = Scenario::read(&here.join("scenarios/quickstart.toml"), &[])
            .expect("shipped scenarios are legal");
        // Sleepers without a queue wake each other; thousands of them take a while to simulate.
        scenario
            .strategies
            .retain(|strategy| strategy.queue == Queue::Fifo);
        scenario.replay(trace);
        let comparison =
            paceline_sim::compare::compare(&scenario, 1, || ()).expect("the trace is well formed");
        assert_eq!(comparison.arrivals, rows, "{name}");
    }
}
