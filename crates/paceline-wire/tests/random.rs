//! Many random responses, made of what providers send and then damaged: each is read.
//!
//! 100,000 by default; `PACELINE_WIRE_INPUTS` says how many, and a release build reads 10 million in
//! minutes:
//!
//! `PACELINE_WIRE_INPUTS=10000000 cargo test --release -p paceline-wire --test random`

use std::{env, fs, path::Path};

use paceline_core::{Class, Rng, SplitMix64, Timestamp};
use paceline_wire::{pairs, read, read_event};

#[test]
fn random_responses_are_read() {
    let inputs = env::var("PACELINE_WIRE_INPUTS").map_or(100_000, |n| n.parse().expect("a number"));
    let seeds = Seeds::read();
    let mut draw = Draw(SplitMix64::new(7));
    let mut refused = 0_u64;
    for _ in 0..inputs {
        let headers = headers(&mut draw, &seeds);
        let body = body(&mut draw, &seeds);
        let status = match draw.below(4) {
            0 => 429,
            1 => 200,
            2 => 400 + u16::try_from(draw.below(150)).expect("below 150"),
            _ => u16::try_from(draw.below(65_536)).expect("below 65,536"),
        };
        let at = Timestamp::from_nanos(draw.0.next_u64());
        let feedback = read(status, pairs(&headers), &body, at);
        assert!(feedback.class != Class::Ok || feedback.hint.is_none());
        refused += u64::from(feedback.class != Class::Ok);
        read_event(&body, at);
    }
    // Else the inputs would be too tame to mean anything.
    assert!(refused > inputs / 4, "{refused}");
}

/// What the vectors are made of: names, values and bodies.
struct Seeds {
    names: Vec<String>,
    values: Vec<String>,
    bodies: Vec<String>,
}

impl Seeds {
    fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
        let mut seeds = Self {
            names: Vec::new(),
            values: Vec::new(),
            bodies: Vec::new(),
        };
        for entry in fs::read_dir(folder).expect("vectors ship") {
            let text = fs::read_to_string(entry.expect("readable").path()).expect("readable");
            let file: toml::Table = text.parse().expect("TOML");
            for case in file["case"].as_array().expect("cases") {
                let headers = case.get("headers").and_then(toml::Value::as_table);
                for (name, value) in headers.into_iter().flatten() {
                    seeds.names.push(name.clone());
                    seeds.values.push(value.as_str().expect("text").to_owned());
                }
                if let Some(body) = case.get("body") {
                    seeds.bodies.push(body.as_str().expect("text").to_owned());
                }
            }
        }
        seeds
    }
}

struct Draw(SplitMix64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("it fits");
        usize::try_from(self.0.next_u64() % bound).expect("it fits")
    }

    fn of<'t>(&mut self, all: &'t [String]) -> &'t str {
        &all[self.below(all.len())]
    }

    /// Digits, now and then too many.
    fn digits(&mut self) -> String {
        let digits = self.0.next_u64().to_string();
        let length = 1 + self.below(digits.len());
        digits[..length].to_owned()
    }
}

fn headers(draw: &mut Draw, seeds: &Seeds) -> Vec<(String, String)> {
    let count = draw.below(8);
    let header = |_| {
        let name = draw.of(&seeds.names).to_owned();
        let value = match draw.below(6) {
            0 => draw.digits(),
            1 => format!("-{}", draw.digits()),
            2 => format!("{}.{}", draw.digits(), draw.digits()),
            3 => {
                let units = ["ms", "s", "m", "h", "d", "x"];
                let mut text = String::new();
                for _ in 0..=draw.below(3) {
                    text += &draw.digits();
                    text += units[draw.below(units.len())];
                }
                text
            }
            4 => damaged(draw, seeds.values.as_slice()),
            _ => draw.of(&seeds.values).to_owned(),
        };
        (name, value)
    };
    (0..count).map(header).collect()
}

fn body(draw: &mut Draw, seeds: &Seeds) -> Vec<u8> {
    let mut body = match draw.below(4) {
        0 => draw.of(&seeds.bodies).to_owned(),
        _ => damaged(draw, &seeds.bodies),
    }
    .into_bytes();
    // Bytes that are no text, or an end in the middle.
    for _ in 0..draw.below(3) {
        if !body.is_empty() {
            let at = draw.below(body.len());
            match draw.below(3) {
                0 => body.truncate(at),
                1 => body[at] = u8::try_from(draw.below(256)).expect("a byte"),
                _ => {
                    body.remove(at);
                }
            }
        }
    }
    body
}

/// A seed with a piece of another in it, or with another number.
fn damaged(draw: &mut Draw, seeds: &[String]) -> String {
    let (mut text, other) = (draw.of(seeds).to_owned(), draw.of(seeds).to_owned());
    let boundary = |text: &str, mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let into = boundary(&text, draw.below(text.len() + 1));
    if draw.below(2) == 0 {
        let from = boundary(&other, draw.below(other.len() + 1));
        let until = boundary(&other, from + draw.below(other.len() - from + 1));
        text.insert_str(into, &other[from..until]);
    } else {
        let from = text[into..].find(|c: char| c.is_ascii_digit());
        if let Some(from) = from.map(|from| from + into) {
            let length = text[from..].find(|c: char| !c.is_ascii_digit());
            let until = length.map_or(text.len(), |length| from + length);
            text.replace_range(from..until, &draw.digits());
        }
    }
    text
}
