//! Limits, and who has which.

use paceline_sim::serve::{Options, Server};

use super::{
    at_speed,
    http::{call, chat, message, open},
    scenario, serve,
};

const ONE_A_DAY: &str = "[[provider.limit]]
    counts = 'requests'
    limit = 1
    per = 'day'
    kind = 'gcra'";

#[test]
fn every_key_has_limits_of_its_own_and_not_too_many_are_told_apart() {
    let server = serve(ONE_A_DAY);
    for number in 0..1_000 {
        let key = format!("key-{number}");
        assert_eq!(call(server.at, &chat(&key, &[], "")).status, 200, "{key}");
    }
    let said = call(server.at, &chat("key-1000", &[], ""));
    assert_eq!(
        (said.status, said.json()["error"]["code"].as_str()),
        (401, Some("invalid_api_key"))
    );
    for key in ["key-0", "key-999"] {
        assert_eq!(call(server.at, &chat(key, &[], "")).status, 429, "{key}");
        // However it is sent.
        assert_eq!(call(server.at, &message(key, "")).status, 429, "{key}");
    }
    assert_eq!(
        (server.counts.answered(), server.counts.refused()),
        (1_000, 4)
    );
}

#[test]
fn what_was_refused_is_admitted_when_the_provider_said() {
    let limit = "[[provider.limit]]
        counts = 'requests'
        limit = 1
        per = 'minute'
        kind = 'gcra'";
    let server = at_speed(limit, 100.0);
    assert_eq!(call(server.at, &chat("a", &[], "")).status, 200);
    let mut refused = 0;
    loop {
        let said = call(server.at, &chat("a", &[], ""));
        if said.status == 200 {
            break;
        }
        assert_eq!(said.status, 429);
        let wait: f64 = said
            .header("retry-after")
            .expect("a wait")
            .parse()
            .expect("seconds");
        assert!((0.0..=60.0).contains(&wait), "{wait}");
        refused += 1;
    }
    assert!(refused > 0);
}

#[test]
fn who_hangs_up_holds_no_place_if_the_provider_cancels() {
    let one_at_a_time = "cancels_on_disconnect = true
        per_output_token.fixed_s = 100_000
        [[provider.limit]]
        counts = 'concurrency'
        limit = 1";
    let server = serve(one_at_a_time);
    let long = open(server.at, chat("a", &[], "").as_bytes());
    let nothing = ["x-paceline-output-tokens: 0"];
    let ask = || call(server.at, &chat("a", &nothing, "")).status;
    // Until the long call has arrived.
    while server.counts.calls() == 0 {
        std::thread::yield_now();
    }
    assert_eq!(ask(), 429);
    drop(long);
    // The provider hears of it soon.
    let admitted = (0..20_000).map(|_| ask()).find(|status| *status != 429);
    assert_eq!(admitted, Some(200));
    assert_eq!(server.counts.left(), 1);
    assert_eq!(server.counts.under_way(), 0);
}

#[tokio::test]
async fn options_that_do_not_fit_are_told() {
    let scenario = scenario("name = \"only\"");
    let bind = async |provider: Option<&str>, speed, address: &str| {
        let options = Options {
            provider: provider.map(str::to_owned),
            speed,
            record: None,
        };
        match Server::bind(&scenario, address, &options).await {
            Ok(_) => String::new(),
            Err(err) => err.to_string(),
        }
    };
    let any = "127.0.0.1:0";
    assert_eq!(bind(None, 1.0, any).await, "");
    assert_eq!(bind(Some("only"), 1_000.0, any).await, "");
    let unknown = bind(Some("x"), 1.0, any).await;
    assert_eq!(unknown, "--provider: none is named `x`; there are `only`");
    for speed in [0.0, -1.0, 1_000.5, f64::NAN, f64::INFINITY] {
        let err = bind(None, speed, any).await;
        assert!(
            err.starts_with("--speed: expected above 0 to 1000"),
            "{err}"
        );
    }
    let err = bind(None, 1.0, "nowhere").await;
    assert!(
        err.starts_with("--listen: cannot listen at `nowhere`"),
        "{err}"
    );
}
