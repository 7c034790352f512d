//! Clients that mean no good.

use std::{io::Write, net::Shutdown};

use proptest::prelude::*;

use super::{
    http::{call, chat, open, read},
    serve,
};

#[test]
fn bodies_beyond_the_bound_are_refused_both_ways() {
    let server = serve("");
    let head = "POST /v1/messages HTTP/1.1\r\nhost: test\r\nx-api-key: a\r\n";
    // At once, before any of it is sent.
    let stream = open(
        server.at,
        format!("{head}content-length: 4194305\r\n\r\n").as_bytes(),
    );
    let said = read(stream).expect("a response");
    assert_eq!(
        (said.status, said.json()["error"]["type"].as_str()),
        (413, Some("request_too_large"))
    );
    // As soon as it is too much, though nobody said how much it would be.
    let mut stream = open(
        server.at,
        format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes(),
    );
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let all_written = (0..65).all(|_| stream.write_all(chunk.as_bytes()).is_ok());
    let said = read(stream);
    assert_eq!(said.map(|it| it.status), Some(413), "{all_written}");
    // What just fits is read, and is no JSON.
    let mut stream = open(
        server.at,
        format!("{head}connection: close\r\ncontent-length: 4194304\r\n\r\n").as_bytes(),
    );
    stream
        .write_all(&vec![b' '; 4_194_304])
        .expect("it is read");
    assert_eq!(read(stream).expect("a response").status, 400);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn garbage_harms_nobody(
        pieces in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..200)), 1..20,
        ),
    ) {
        let server = serve("");
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nx-api-key: a\r\n";
        for (has_head, bytes) in pieces {
            let mut all = Vec::new();
            if has_head {
                all.extend_from_slice(head.as_bytes());
                all.extend_from_slice(format!("content-length: {}\r\n\r\n", bytes.len()).as_bytes());
            }
            all.extend_from_slice(&bytes);
            let stream = open(server.at, &all);
            stream.shutdown(Shutdown::Write).expect("it is open");
            if let Some(said) = read(stream) {
                prop_assert!((400..500).contains(&said.status), "{:?}", said);
            }
            prop_assert_eq!(call(server.at, &chat("a", &[], "")).status, 200);
        }
    }
}

#[test]
fn a_reader_who_does_not_read_delays_nobody() {
    let server = serve("");
    let long = ["x-paceline-output-tokens: 131072"];
    let fields = r#", "stream": true, "max_tokens": 131072"#;
    let lazy: Vec<_> = (0..32)
        .map(|_| open(server.at, chat("a", &long, fields).as_bytes()))
        .collect();
    for _ in 0..100 {
        assert_eq!(call(server.at, &chat("a", &[], "")).status, 200);
    }
    for stream in lazy {
        let said = read(stream).expect("a response");
        assert_eq!(said.data().last(), Some(&"[DONE]"));
        assert!(said.body.len() > 131_072 * 3);
    }
}
