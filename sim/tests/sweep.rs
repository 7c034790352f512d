//! Sweeps as their users meet them.

mod program;

use std::{fs, path::Path};

use parquet::{file::reader::SerializedFileReader, record::RowAccessor};
use program::{fails, scenario, sim};
use tempfile::TempDir;

const VARY: [&str; 4] = [
    "--vary",
    "provider.limit.0.limit=5..20:lin3",
    "--vary",
    "workload.arrivals.poisson.rate_per_min=10,40",
];

/// Runs a sweep of a small scenario.
#[track_caller]
fn sweep(scenario: &str, out: &Path, more: &[&str]) -> String {
    let out = out.display().to_string();
    let args = ["sweep", scenario, "--out", &out, "--replications", "2"];
    let run = sim().args(args).args(VARY).args(more).assert().success();
    String::from_utf8(run.get_output().stdout.clone()).expect("it prints UTF-8")
}

fn results(folder: &Path) -> Vec<Vec<u8>> {
    let names = [
        "sweep.csv",
        "sweep.json",
        "sweep.parquet",
        "sweep.png",
        "sweep.svg",
    ];
    let read = |name| fs::read(folder.join(name)).expect("the sweep wrote it");
    names.map(read).to_vec()
}

#[test]
fn shards_and_threads_leave_no_trace_in_the_results() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let [whole, one, parts] = ["whole", "one", "parts"].map(|name| folder.path().join(name));
    let said = sweep(&path, &whole, &[]);
    assert!(said.contains("6 points"), "{said}");
    sweep(&path, &one, &["--threads", "1"]);
    assert_eq!(results(&whole), results(&one));

    for shard in ["3/4", "1/4", "4/4", "2/4"] {
        sweep(&path, &parts, &["--shard", shard]);
    }
    let journals = (1..=4).map(|number| parts.join(format!("points-{number}-of-4.jsonl")));
    sim()
        .arg("merge")
        .args(journals)
        .arg("--out")
        .arg(&parts)
        .assert()
        .success();
    assert_eq!(results(&whole), results(&parts));
}

#[test]
fn a_sweep_that_was_cut_off_goes_on() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let out = folder.path().join("out");
    sweep(&path, &out, &[]);
    let (before, journal) = (results(&out), out.join("points-1-of-1.jsonl"));
    let text = fs::read_to_string(&journal).expect("the sweep wrote it");
    let lines: Vec<_> = text.lines().collect();
    // Three points are left, and half of a fourth.
    let cut = format!(
        "{}\n{}",
        lines[..4].join("\n"),
        &lines[4][..lines[4].len() / 2]
    );
    fs::write(&journal, &cut).expect("the folder can be written to");
    sweep(&path, &out, &[]);
    assert_eq!(results(&out), before);
    let again = fs::read_to_string(&journal).expect("the sweep wrote it");
    assert_eq!(
        again.lines().take(4).collect::<Vec<_>>(),
        lines[..4],
        "what was done stays"
    );
    assert_eq!(again.lines().count(), 7);
}

#[test]
fn a_point_is_what_compare_says_of_it() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let out = folder.path().join("out");
    sweep(&path, &out, &[]);
    let args = [
        "--set",
        "provider.limit.0.limit=12",
        "--replications",
        "2",
        "--format",
        "csv",
    ];
    let rate = ["--set", "workload.arrivals.poisson.rate_per_min=40"];
    let compared = sim()
        .args(["compare", &path])
        .args(args)
        .args(rate)
        .output()
        .expect("it runs");
    let cell = |row: &csv::StringRecord, header: &csv::StringRecord, name: &str| {
        let place = header
            .iter()
            .position(|column| column == name)
            .expect("the column is there");
        row[place].to_owned()
    };
    let table = |bytes: &[u8]| {
        let mut reader = csv::Reader::from_reader(bytes);
        let header = reader.headers().expect("it has a header").clone();
        let rows: Vec<_> = reader
            .records()
            .map(|row| row.expect("it is CSV"))
            .collect();
        (header, rows)
    };
    let (header, rows) = table(&compared.stdout);
    let swept = fs::read(out.join("sweep.csv")).expect("the sweep wrote it");
    let (swept_header, swept_rows) = table(&swept);
    // The fourth point: 12 a minute, 40 arrivals a minute; two strategies each.
    for (mine, theirs) in swept_rows[6..8].iter().zip(&rows) {
        assert_eq!(cell(mine, &swept_header, "provider.limit.0.limit"), "12");
        let strategy = |row, header| cell(row, header, "strategy");
        assert_eq!(strategy(mine, &swept_header), strategy(theirs, &header));
        for name in [
            "completed",
            "goodput",
            "goodput_ci95",
            "refused",
            "latency_p95_s",
        ] {
            let number = |text: String| text.parse::<f64>().ok();
            let mine = number(cell(mine, &swept_header, name));
            assert_eq!(mine, number(cell(theirs, &header, name)), "{name}");
        }
    }
}

#[test]
fn parquet_holds_the_table_of_the_csv_file() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let out = folder.path().join("out");
    sweep(&path, &out, &[]);
    let file = fs::File::open(out.join("sweep.parquet")).expect("the sweep wrote it");
    let reader = SerializedFileReader::new(file).expect("it is a Parquet file");
    let rows: Vec<_> = reader
        .into_iter()
        .map(|row| row.expect("it is a row"))
        .collect();
    let mut csv = csv::Reader::from_path(out.join("sweep.csv")).expect("the sweep wrote it");
    let header = csv.headers().expect("it has a header").clone();
    let mut compared = 0;
    for (row, record) in rows.iter().zip(csv.records()) {
        let record = record.expect("it is CSV");
        for (place, text) in record.iter().enumerate() {
            match row.get_double(place) {
                Ok(number) => assert_eq!(text.parse(), Ok(number), "{}", &header[place]),
                Err(_) if text.is_empty() => {}
                Err(_) => assert_eq!(row.get_string(place).expect("a text"), text),
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 12 * header.len());
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let out = folder.path().join("out");
    let name = out.display().to_string();
    sweep(&path, &out, &["--shard", "1/2"]);
    let other = [
        "sweep", &path, "--out", &name, "--shard", "1/2", "--vary", "seed=1,2",
    ];
    fails(&other, &["points-1-of-2.jsonl", "another sweep"]);

    let journal = |name: &str| out.join(name).display().to_string();
    let first = journal("points-1-of-2.jsonl");
    fails(
        &["merge", &first, "--out", &name],
        &["shards are missing: 2/2"],
    );
    fails(
        &["merge", &first, &first, "--out", &name],
        &["shard 1/2 is there twice"],
    );
    fails(
        &["merge", &path, "--out", &name],
        &["scenario.toml: line 1: expected the head of a sweep"],
    );

    sweep(&path, &out, &["--shard", "2/2"]);
    let second = journal("points-2-of-2.jsonl");
    let text = fs::read_to_string(&second).expect("the sweep wrote it");
    let cut = text.lines().next().expect("it has a head");
    fs::write(&second, format!("{cut}\n")).expect("the folder can be written to");
    let merge = ["merge", &first, &second, "--out", &name];
    fails(&merge, &["not all points are done", "2/2"]);
    assert!(!out.join("sweep.csv").exists(), "nothing half-written");
}

#[test]
fn a_sweep_knows_every_trace_that_it_replays() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| {
        let drawn = "arrivals.poisson = { rate_per_min = 30 }\ninput_tokens.fixed = 100\noutput_tokens.fixed = 50\n";
        assert!(text.contains(drawn), "the test edits what is not there");
        text.replace(drawn, "arrivals.trace.path = \"a.csv\"\n")
    });
    let trace = |name: &str, row: &str| {
        let text = format!("arrival_ms,input_tokens,output_tokens\n{row}\n");
        fs::write(folder.path().join(name), text).expect("the folder can be written to");
    };
    trace("a.csv", "0,1,1");
    trace("b.csv", "0,2,2");
    let out = folder.path().join("out").display().to_string();
    let vary = "workload.arrivals.trace.path=a.csv,b.csv";
    let args = ["sweep", &path, "--out", &out, "--vary", vary];
    sim().args(args).assert().success();
    sim().args(args).assert().success();
    // The second of them, which the scenario itself does not name.
    trace("b.csv", "0,2,3");
    fails(&args, &["points-1-of-1.jsonl", "another sweep"]);
    trace("b.csv", "0,2,x");
    fails(&args, &["b.csv:2", "output_tokens"]);
}

#[test]
fn values_that_make_no_scenario_are_refused_before_anything_runs() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), |text| text);
    let out = folder.path().join("out");
    let name = out.display().to_string();
    let vary = |vary: &str, parts: &[&str]| {
        fails(&["sweep", &path, "--out", &name, "--vary", vary], parts);
        assert!(!out.exists(), "nothing is written");
    };
    vary("duration_s=60,-1", &["duration_s=-1", "expected seconds"]);
    vary("strategy.nobody.concurrency=1,2", &["nobody", "no element"]);
    vary("provider.limit.*.limit=1,none", &["limit=none"]);
    let only = [
        "sweep",
        &path,
        "--out",
        &name,
        "--vary",
        "seed=1,2",
        "--strategy",
        "three",
    ];
    fails(&only, &["--strategy three", "`one`", "`sdk-default`"]);
}
