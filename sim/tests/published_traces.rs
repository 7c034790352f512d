//! Traces are read as they are published, and hostile ones cost no memory.

use std::{fs, io::Write, path::Path, time::Duration};

use flate2::{Compression, write::GzEncoder};
use paceline_sim::workload::{Row, Trace, TraceError, check_trace};
use proptest::prelude::*;
use tempfile::TempDir;

const AZURE: &str = "TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:50.9951690,396,109
2023-11-16 18:15:50.9951690,879,55
";

const BURSTGPT: &str = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
5,ChatGPT,472,18,490,Conversation log
45,ChatGPT,1087,230,1317,Conversation log
118,GPT-4,0,0,0,API log
";

const MOONCAKE: &str = r#"{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1, 2]}
{"timestamp": 3000, "input_length": 7322, "output_length": 490, "hash_ids": [0, 14]}
"#;

/// Writes a file of this name and reads all of it.
fn read(bytes: &[u8]) -> Result<Vec<Row>, TraceError> {
    let folder = TempDir::new().expect("a temporary folder");
    // The name says nothing.
    let path = folder.path().join("trace");
    fs::write(&path, bytes).expect("the folder can be written to");
    rows(&path)
}

fn rows(path: &Path) -> Result<Vec<Row>, TraceError> {
    let mut trace = Trace::open(path)?;
    let mut rows = Vec::new();
    while let Some(row) = trace.next_row()? {
        rows.push(row);
    }
    Ok(rows)
}

fn row(arrival: Duration, input_tokens: u64, output_tokens: u64) -> Row {
    Row {
        arrival,
        input_tokens,
        output_tokens,
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).expect("a vector takes all");
    packed.finish().expect("a vector takes all")
}

#[track_caller]
fn refuses(bytes: &[u8], parts: &[&str]) {
    let message = read(bytes).expect_err("it is no trace").to_string();
    assert!(message.len() < 500, "{message}");
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}

#[test]
fn azure_begins_with_its_first_request_and_keeps_every_digit() {
    let read = read(AZURE.as_bytes()).expect("it is legal");
    let second = Duration::from_nanos(4_314_579_000);
    let expected = [
        row(Duration::ZERO, 374, 44),
        row(second, 396, 109),
        row(second, 879, 55),
    ];
    assert_eq!(read, expected);
}

#[test]
fn azure_of_2024_has_offsets() {
    let text = AZURE
        .replace("6805900", "680590+00:00")
        .replace("9951690", "995169+00:00");
    assert_eq!(read(text.as_bytes()).ok(), read(AZURE.as_bytes()).ok());
}

#[test]
fn burstgpt_begins_with_its_first_request_and_keeps_failures_as_requests_of_0_tokens() {
    let read = read(BURSTGPT.as_bytes()).expect("it is legal");
    let expected = [
        row(Duration::ZERO, 472, 18),
        row(Duration::from_secs(40), 1_087, 230),
        row(Duration::from_secs(113), 0, 0),
    ];
    assert_eq!(read, expected);
}

#[test]
fn burstgpt_with_sessions_and_fractions_of_seconds_reads_the_same() {
    let text = "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type
5.0,s1,2.5,ChatGPT,472,18,490,Conversation log
45.25,s2,0.5,ChatGPT,1087,230,1317,Conversation log
";
    let read = read(text.as_bytes()).expect("it is legal");
    assert_eq!(read[1], row(Duration::from_millis(40_250), 1_087, 230));
}

#[test]
fn mooncake_counts_from_its_start() {
    let read = read(MOONCAKE.as_bytes()).expect("it is legal");
    let expected = [
        row(Duration::ZERO, 6_758, 500),
        row(Duration::from_secs(3), 7_322, 490),
    ];
    assert_eq!(read, expected);
    let late = MOONCAKE.lines().last().expect("it has lines");
    assert_eq!(
        self::read(late.as_bytes()).expect("it is legal"),
        expected[1..]
    );
}

#[test]
fn line_ends_blank_lines_quotes_and_a_mark_at_the_start_change_nothing() {
    for text in [AZURE, BURSTGPT, MOONCAKE] {
        let plain = read(text.as_bytes()).expect("it is legal");
        for changed in [
            text.replace('\n', "\r\n"),
            text.replace('\n', "\n\n  \n"),
            text.trim_end().to_owned(),
            format!("\u{feff}{text}"),
            text.replace("Timestamp,", "\"Timestamp\" , "),
        ] {
            assert_eq!(read(changed.as_bytes()).expect("it is legal"), plain);
        }
    }
}

#[test]
fn what_is_packed_reads_the_same_in_several_members_too() {
    for text in [AZURE, BURSTGPT, MOONCAKE] {
        let plain = read(text.as_bytes()).expect("it is legal");
        assert_eq!(read(&gzip(text.as_bytes())).expect("it is legal"), plain);
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        let members = [gzip(first), gzip(second)].concat();
        assert_eq!(read(&members).expect("it is legal"), plain);
    }
}

#[test]
fn what_is_wrong_is_said_with_file_and_line() {
    let azure = |from, to| AZURE.replace(from, to).into_bytes();
    refuses(&azure("396", "-396"), &["trace:3: ContextTokens", "`-396`"]);
    refuses(
        &azure("18:15:50", "18:15:40"),
        &["trace:3: TIMESTAMP", "sorted by time"],
    );
    refuses(
        &azure("2023-11-16 18:15:46", "yesterday"),
        &["trace:2: TIMESTAMP", "`yesterday"],
    );
    refuses(
        &azure("2023-11-16 18:15:46", "1923-11-16 18:15:46"),
        &["trace:2: TIMESTAMP"],
    );
    refuses(
        &azure("GeneratedTokens", "Tokens"),
        &["trace:1:", "found no `GeneratedTokens`", "Mooncake"],
    );
    let burstgpt = |from, to| BURSTGPT.replace(from, to).into_bytes();
    refuses(&burstgpt("\n5,", "\n-5,"), &["trace:2: Timestamp", "`-5`"]);
    refuses(
        &burstgpt("\n5,", "\nnan,"),
        &["trace:2: Timestamp", "`nan`"],
    );
    refuses(
        &burstgpt("\n5,", "\n1e300,"),
        &["trace:2: Timestamp", "`1e300`"],
    );
    refuses(
        &burstgpt("\n118,", "\n18,"),
        &["trace:4: Timestamp", "18 after 45"],
    );
    let mooncake = |from, to| MOONCAKE.replace(from, to).into_bytes();
    refuses(
        &mooncake("7322", "-7322"),
        &["trace:2: expected an object", "-7322"],
    );
    refuses(&mooncake("3000", "-3000"), &["trace:2: timestamp", "-3000"]);
    refuses(
        &mooncake("\"output_length\": 490, ", ""),
        &["trace:2:", "missing field `output_length`"],
    );
    refuses(&mooncake("}\n", "\n"), &["trace:1:", "EOF"]);
    refuses(b"{}", &["trace:1:", "missing field"]);
}

#[test]
fn hostile_files_are_refused_within_bounded_memory() {
    refuses(&[0; 1_000], &["trace:1: expected a header"]);
    refuses(
        &[0; 100_000],
        &["trace:1: expected lines of at most 64 KiB"],
    );
    refuses(
        &[AZURE.as_bytes(), &[0, b'\n']].concat(),
        &["trace:5: TIMESTAMP"],
    );
    refuses(
        &[AZURE.as_bytes(), &[0xff, b'\n']].concat(),
        &["trace:5: expected UTF-8"],
    );
    let nested = "[".repeat(60_000);
    refuses(
        format!("{{\"timestamp\": 0, \"x\": {nested}").as_bytes(),
        &["trace:1:"],
    );
    let wide = format!(
        "{{\"timestamp\": 0, \"hash_ids\": [{}]}}",
        "1,".repeat(40_000)
    );
    refuses(
        wide.as_bytes(),
        &["trace:1: expected lines of at most 64 KiB"],
    );
    // A bomb: 200 MB out of 1 MB at most, in one line.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    bomb.write_all(AZURE.as_bytes())
        .expect("a vector takes all");
    for _ in 0..200 {
        bomb.write_all(&[b'9'; 1 << 20])
            .expect("a vector takes all");
    }
    let bomb = bomb.finish().expect("a vector takes all");
    assert!(bomb.len() < 1 << 20);
    refuses(&bomb, &["trace:5: expected lines of at most 64 KiB"]);
    let packed = gzip(AZURE.as_bytes());
    refuses(&packed[..packed.len() - 9], &["trace:"]);
    refuses(&packed[..12], &["trace:1:"]);
    refuses(&[&packed[..], b"more"].concat(), &["trace:"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The same requests in every format are the same requests.
    #[test]
    fn formats_agree(requests in prop::collection::vec((0_u64..100_000, 0_u64..1 << 40, 0_u64..1 << 40), 1..50)) {
        let mut at = 0;
        let (mut ours, mut mooncake) = ("arrival_ms,input_tokens,output_tokens\n".to_owned(), String::new());
        let mut azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n".to_owned();
        let mut burstgpt = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n".to_owned();
        let start: jiff::Timestamp = "2023-11-16T18:15:46.5Z".parse().expect("it is a time");
        for (index, (gap, input, output)) in requests.into_iter().enumerate() {
            at += if index == 0 { 0 } else { gap };
            let time = (start + Duration::from_millis(at)).strftime("%Y-%m-%d %H:%M:%S%.7f");
            let seconds = 5.0 + Duration::from_millis(at).as_secs_f64();
            ours += &format!("{at},{input},{output}\n");
            azure += &format!("{time},{input},{output}\n");
            burstgpt += &format!("{seconds:.3},GPT-4,{input},{output},0,API log\n");
            mooncake += &format!("{{\"timestamp\": {at}, \"input_length\": {input}, \"output_length\": {output}, \"hash_ids\": []}}\n");
        }
        let ours = read(ours.as_bytes()).expect("it is legal");
        prop_assert_eq!(&read(azure.as_bytes()).expect("it is legal"), &ours);
        prop_assert_eq!(&read(mooncake.as_bytes()).expect("it is legal"), &ours);
        let seconds = read(burstgpt.as_bytes()).expect("it is legal");
        for (row, expected) in seconds.iter().zip(&ours) {
            prop_assert!(row.arrival.abs_diff(expected.arrival) < Duration::from_nanos(200));
            prop_assert_eq!(row.output_tokens, expected.output_tokens);
        }
    }

    /// Nothing that is read makes it panic, and every message is short.
    #[test]
    fn anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0_usize..4) {
        let texts = [AZURE, BURSTGPT, MOONCAKE, ""];
        let mut file = texts[kind].as_bytes().to_vec();
        let place = bytes.len().min(file.len());
        file.splice(place..place, bytes.iter().copied());
        if let Err(err) = read(&file) {
            prop_assert!(err.to_string().len() < 600, "{}", err);
        }
        let packed = gzip(&file);
        prop_assert_eq!(read(&packed).is_ok(), read(&file).is_ok());
    }
}

/// Real traffic, where it is at hand, in our format and as published: as far as our copy keeps it.
#[test]
fn recorded_traffic_reads_the_same_as_published_where_it_is_at_hand() {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("published");
    let write = |header: &str, lines: Vec<String>| {
        fs::write(&path, format!("{header}\n{}\n", lines.join("\n")))
            .expect("the folder can be written to");
        rows(&path).expect("it is legal")
    };
    let start: jiff::Timestamp = "2023-11-16T18:15:46.680590Z".parse().expect("it is a time");
    for name in ["azure_chat_2023.csv", "azure_code_2023.csv"] {
        let Ok(ours) = rows(&traces.join(name)) else {
            continue;
        };
        let line = |row: &Row| {
            let at = (start + row.arrival).strftime("%Y-%m-%d %H:%M:%S%.7f");
            format!("{at},{},{}", row.input_tokens, row.output_tokens)
        };
        let lines = ours.iter().map(line).collect();
        assert!(
            write("TIMESTAMP,ContextTokens,GeneratedTokens", lines) == ours,
            "{name}"
        );
    }
    if let Ok(ours) = rows(&traces.join("burstgpt_office.csv")) {
        let line = |row: &Row| {
            let (at, input, output) = (
                row.arrival.as_secs() + 5,
                row.input_tokens,
                row.output_tokens,
            );
            format!(
                "{at},ChatGPT,{input},{output},{},Conversation log",
                input + output
            )
        };
        let header = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type";
        assert!(write(header, ours.iter().map(line).collect()) == ours);
        assert_eq!(check_trace(&path).expect("it is legal"), 400);
    }
    if let Ok(ours) = rows(&traces.join("mooncake_longctx.csv")) {
        let line = |row: &Row| {
            let (at, input, output) =
                (row.arrival.as_millis(), row.input_tokens, row.output_tokens);
            format!(
                "{{\"timestamp\": {at}, \"input_length\": {input}, \"output_length\": {output}, \"hash_ids\": [1]}}"
            )
        };
        let mut lines: Vec<_> = ours.iter().map(line).collect();
        let first = lines.remove(0);
        assert!(write(&first, lines) == ours);
    }
}
