use std::{collections::BTreeMap, io::Write, mem};

use paceline_core::Timestamp;
use serde_json::{Value, json};

use super::{
    counters::Counters,
    events::{Events, Slice},
    phase::{Open, Phase},
    reasons,
    tracks::Tracks,
};
use crate::names::Names;

/// Turns what happens into slices, instants and counters, from a time on.
pub(super) struct Timeline<'a, W> {
    pub(super) events: Events<W>,
    pub(super) names: Names<'a>,
    /// When the trace begins; until then it only keeps account.
    from: Timestamp,
    pub(super) begun: bool,
    /// Requests that are not over.
    pub(super) open: BTreeMap<u64, Open>,
    /// Requests that entered a phase at this time that is over at once as a rule.
    fresh: (Timestamp, Vec<u64>),
    /// When the gates of clients for keys open, as far as they are closed.
    pub(super) gates: BTreeMap<(usize, usize), Timestamp>,
    pub(super) tracks: Tracks,
    /// Whether each client has a name.
    named: Vec<bool>,
    pub(super) counters: Counters,
    /// The keys that were called or freed since they were last asked.
    pub(super) touched: Vec<usize>,
}

impl<'a, W: Write> Timeline<'a, W> {
    pub(super) fn new(
        events: Events<W>,
        names: Names<'a>,
        from: Timestamp,
        clients: usize,
    ) -> Self {
        Self {
            events,
            from,
            begun: false,
            open: BTreeMap::new(),
            fresh: (from, Vec::new()),
            gates: BTreeMap::new(),
            named: vec![false; clients],
            counters: Counters::new(names.keys()),
            tracks: Tracks {
                clients,
                keys: names.keys(),
            },
            touched: Vec::new(),
            names,
        }
    }

    /// The keys whose limits have to be read again.
    pub(super) fn touched(&mut self) -> Vec<usize> {
        mem::take(&mut self.touched)
    }

    /// Takes note of what is left of the limits of a key.
    pub(super) fn left(&mut self, now: Timestamp, key: usize, cells: &[u64]) {
        // What happened may have been told to nobody, such as a call of a tenant.
        self.advance(now);
        if self.begun {
            let of = (key, self.tracks.key(key));
            let (names, events) = (&self.names, &mut self.events);
            self.counters.write_left(now, of, cells, names, events);
        }
    }

    /// Writes the counters that have changed.
    pub(super) fn count(&mut self, now: Timestamp) {
        self.advance(now);
        if self.begun {
            self.counters.write(now, &mut self.events);
        }
    }

    /// Lets time pass: the trace begins, and gates open.
    pub(super) fn advance(&mut self, now: Timestamp) {
        if now >= self.from && !self.begun {
            let from = self.from;
            self.gates.retain(|_, opens_at| *opens_at > from);
            self.begin();
        }
        if self.fresh.0 < now {
            self.show_what_lasts();
        }
        let gates = self.gates.iter();
        let mut opened: Vec<_> = gates.map(|(of, at)| (*at, *of)).collect();
        opened.retain(|(at, _)| *at <= now);
        opened.sort_unstable();
        for (at, (client, key)) in opened {
            self.gates.remove(&(client, key));
            if self.begun {
                self.events
                    .close(at, self.tracks.gate(client, key), Value::Null);
            }
        }
    }

    /// Opens the slices of brief phases that take time after all.
    fn show_what_lasts(&mut self) {
        let (at, fresh) = mem::take(&mut self.fresh);
        for id in fresh {
            let Some(request) = self.open.get_mut(&id) else {
                continue;
            };
            let Some(name) = request.phase.name().filter(|_| request.phase.is_brief()) else {
                continue;
            };
            if !mem::replace(&mut request.shown, true) {
                let slice = Tracks::request(id, request.client);
                let slice = Slice {
                    name: &name,
                    ..slice
                };
                self.events.open(at, slice, Value::Null);
            }
        }
    }

    /// Begins the trace with what is under way.
    fn begin(&mut self) {
        self.begun = true;
        let (from, keys) = (self.from, 0..self.names.keys());
        self.events.process(from, Tracks::ALL, "all clients");
        for key in keys.clone() {
            let name = format!("key: {}", self.names.key(key));
            self.events.process(from, self.tracks.key(key), &name);
        }
        self.touched.extend(keys);
        let mut open = mem::take(&mut self.open);
        for (&id, request) in &mut open {
            self.name_client(from, request.client);
            let slice = Tracks::request(id, request.client);
            self.events.open(from, slice, request.args.clone());
            self.open_phase(from, id, request);
        }
        self.open = open;
        let gates: Vec<_> = self.gates.keys().copied().collect();
        for (client, key) in gates {
            self.name_client(from, client);
            self.events
                .open(from, self.tracks.gate(client, key), Value::Null);
        }
    }

    /// Ends the trace with what is not over.
    pub(super) fn finish(mut self, end: Timestamp) -> Events<W> {
        self.advance(end);
        for (id, request) in mem::take(&mut self.open) {
            self.close_phase(end, id, &request);
            let args = json!({ "end": "goes on after the trace" });
            self.events
                .close(end, Tracks::request(id, request.client), args);
        }
        for (client, key) in mem::take(&mut self.gates).into_keys() {
            self.events
                .close(end, self.tracks.gate(client, key), Value::Null);
        }
        self.events
    }

    pub(super) fn enter(&mut self, now: Timestamp, id: u64, phase: Phase) {
        let Some(mut request) = self.open.remove(&id) else {
            return;
        };
        // Who sleeps and asks again still waits.
        let goes_on = matches!(
            (&request.phase, &phase),
            (Phase::Waiting(_), Phase::Waiting(_))
        );
        if !goes_on {
            self.close_phase(now, id, &request);
            self.counters.leave(&request.phase);
        }
        request.phase = phase;
        if !goes_on {
            self.counters.enter(&request.phase);
            self.open_phase(now, id, &mut request);
        }
        self.open.insert(id, request);
    }

    pub(super) fn open_phase(&mut self, now: Timestamp, id: u64, request: &mut Open) {
        let Some(name) = request.phase.name().filter(|_| self.begun) else {
            return;
        };
        request.shown = !request.phase.is_brief();
        if !request.shown {
            self.fresh.0 = now;
            return self.fresh.1.push(id);
        }
        let slice = Tracks::request(id, request.client);
        let slice = Slice {
            name: &name,
            ..slice
        };
        let Phase::Call { key, outcome, .. } = request.phase else {
            return self.events.open(now, slice, Value::Null);
        };
        let args = json!({ "key": self.names.key(key), "provider": reasons::outcome(outcome) });
        self.events.open(now, slice, args);
        if let Some(slice) = self.tracks.call(id, &request.phase) {
            self.events.open(now, slice, json!({ "request": id }));
        }
    }

    pub(super) fn close_phase(&mut self, now: Timestamp, id: u64, request: &Open) {
        let Some(name) = request.phase.name().filter(|_| request.shown) else {
            return;
        };
        let args = match &request.phase {
            Phase::Waiting(bounds) if !bounds.is_empty() => {
                let held = bounds.iter().map(|it| reasons::holder(&self.names, it));
                json!({ "last held by": held.collect::<Vec<_>>().join("; ") })
            }
            _ => Value::Null,
        };
        if let Some(slice) = self.tracks.call(id, &request.phase) {
            self.events.close(now, slice, Value::Null);
        }
        let slice = Tracks::request(id, request.client);
        self.events.close(
            now,
            Slice {
                name: &name,
                ..slice
            },
            args,
        );
    }

    pub(super) fn name_client(&mut self, now: Timestamp, client: usize) {
        if !mem::replace(&mut self.named[client], true) {
            let pid = Tracks::client(client);
            self.events.process(now, pid, &format!("client {client}"));
        }
    }
}
