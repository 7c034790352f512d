//! Trace events as a viewer reads them, by the documented format and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

/// A trace.
#[derive(Debug, Deserialize)]
pub(crate) struct Trace {
    #[serde(rename = "traceEvents")]
    pub(crate) events: Vec<Event>,
}

/// One event; fields are named as in the format.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) ph: String,
    pub(crate) ts: f64,
    pub(crate) pid: u64,
    pub(crate) cat: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) s: Option<String>,
    #[serde(default)]
    pub(crate) args: Value,
}

const ON_ITS_WAY: &str = " on its way";

impl Trace {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).expect("it is JSON of this shape")
    }

    /// Holds for every trace: times do not run back, and slices of a number nest and end.
    #[track_caller]
    pub(crate) fn assert_well_formed(&self) {
        let mut last = 0.0;
        let mut open: BTreeMap<(&str, &str), Vec<(&str, u64)>> = BTreeMap::new();
        let mut processes = BTreeMap::new();
        for event in &self.events {
            assert!(last <= event.ts, "{event:?} after {last}");
            last = event.ts;
            if event.ph == "M" {
                let named = (event.pid, event.name.as_str());
                let name = event.args.to_string();
                assert_eq!(
                    processes.insert(named, name),
                    None,
                    "named twice: {event:?}"
                );
                continue;
            }
            let named = (event.pid, "process_name");
            assert!(processes.contains_key(&named), "no process: {event:?}");
            match event.ph.as_str() {
                "b" | "e" => {
                    let (Some(category), Some(id)) = (&event.cat, &event.id) else {
                        panic!("no category or number: {event:?}");
                    };
                    let slices = open.entry((category, id)).or_default();
                    let slice = (event.name.as_str(), event.pid);
                    if event.ph == "b" {
                        slices.push(slice);
                    } else {
                        assert_eq!(slices.pop(), Some(slice), "{event:?}");
                    }
                }
                "i" => assert_eq!(event.s.as_deref(), Some("t"), "{event:?}"),
                "C" => assert!(event.args["value"].is_u64(), "{event:?}"),
                _ => panic!("unknown phase: {event:?}"),
            }
        }
        let left: Vec<_> = open
            .iter()
            .filter(|(_, slices)| !slices.is_empty())
            .collect();
        assert!(left.is_empty(), "never ended: {left:?}");
    }

    fn of_requests(&self, ph: &str) -> impl Iterator<Item = &Event> {
        let of = move |event: &&Event| event.ph == ph && event.cat.as_deref() == Some("request");
        self.events.iter().filter(of)
    }

    /// The calls that the provider decided about in such a way.
    pub(crate) fn calls(&self, decided: impl Fn(&str) -> bool) -> usize {
        let calls = self
            .of_requests("b")
            .filter(|it| it.name.starts_with("call ") && !it.name.ends_with(ON_ITS_WAY));
        calls
            .filter(|it| decided(it.args["provider"].as_str().expect("it says so")))
            .count()
    }

    /// All calls, also those that were left on their way.
    pub(crate) fn sent(&self) -> usize {
        let named = self.of_requests("b").map(|it| (&it.id, &it.name));
        let calls = named.filter(|(_, name)| name.starts_with("call "));
        let calls = calls.map(|(id, name)| (id, name.strip_suffix(ON_ITS_WAY).unwrap_or(name)));
        calls.collect::<BTreeSet<_>>().len()
    }

    /// The calls that failed because their client waited no longer.
    pub(crate) fn left(&self) -> usize {
        let left = ["timed out", "cancelled"];
        let hung_up = self
            .events
            .iter()
            .filter(|it| left.contains(&it.name.as_str()));
        hung_up.filter(|it| it.args["fails"] == true).count()
    }

    /// The requests that ended in such a way.
    pub(crate) fn ends(&self, ended: impl Fn(&str) -> bool) -> usize {
        let requests = self.of_requests("e").filter(|it| it.name == "request");
        requests
            .filter(|it| ended(it.args["end"].as_str().expect("it says so")))
            .count()
    }

    /// The number of each request, when it begins and when it ends, in microseconds.
    pub(crate) fn lives(&self) -> Vec<(u64, f64, f64)> {
        let ends = self.of_requests("e").filter(|it| it.name == "request");
        let ends: BTreeMap<_, _> = ends.map(|it| (it.id.clone(), it.ts)).collect();
        let begins = self.of_requests("b").filter(|it| it.name == "request");
        let mut lives: Vec<_> = begins
            .map(|it| {
                let id = it.args["request"].as_u64().expect("it has a number");
                (id, it.ts, ends[&it.id])
            })
            .collect();
        lives.sort_by_key(|life| life.0);
        lives
    }
}
