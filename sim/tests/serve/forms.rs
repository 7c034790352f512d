//! The forms of requests and answers.

use serde_json::Value;

use super::{
    http::{call, chat, message, request},
    serve,
};

#[test]
fn answers_have_the_tokens_and_the_form_that_were_asked_for() {
    let server = serve("");
    let said = call(server.at, &chat("a", &["x-paceline-input-tokens: 77"], ""));
    let answer = said.json();
    assert_eq!(said.status, 200);
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["usage"]["prompt_tokens"], 77);
    assert_eq!(answer["usage"]["completion_tokens"], 8);
    assert_eq!(answer["usage"]["total_tokens"], 85);
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    let more = ["x-paceline-output-tokens: 12"];
    let said = call(server.at, &chat("a", &more, "")).json();
    let text = "The limit holds, so we wait. The limit holds,";
    assert_eq!(said["choices"][0]["message"]["content"], text);
    assert_eq!(said["usage"]["completion_tokens"], 12);
    // 20 bytes are 5 tokens, and the cap ends an answer of 8.
    let said = call(server.at, &chat("a", &[], r#", "max_tokens": 3"#)).json();
    assert_eq!(said["usage"]["prompt_tokens"], 5);
    assert_eq!(said["usage"]["completion_tokens"], 3);
    assert_eq!(said["choices"][0]["finish_reason"], "length");
    let said = call(server.at, &message("a", r#", "system": "Be so short.""#)).json();
    assert_eq!(said["type"], "message");
    assert_eq!(said["usage"]["input_tokens"], 8);
    assert_eq!(said["usage"]["output_tokens"], 8);
    assert_eq!(said["content"][0]["text"], "The limit holds, so we wait.");
    let body = r#"{ "model": "m", "input": ["a", "b"], "encoding_format": "base64" }"#;
    let asked = request("POST", "/v1/embeddings", &["x-api-key: a"], body);
    let said = call(server.at, &asked).json();
    assert_eq!(said["data"][1]["index"], 1);
    let vector = said["data"][1]["embedding"].as_str().expect("base64");
    assert_eq!(vector.len(), 88, "16 numbers of 4 bytes");
    let models = call(
        server.at,
        &request("GET", "/v1/models", &["x-api-key: a"], ""),
    );
    assert_eq!(models.json()["data"][0]["id"], "simulated");
    let one = call(
        server.at,
        &request("GET", "/v1/models/m", &["x-api-key: a"], ""),
    );
    assert_eq!(one.json()["id"], "m");
}

#[test]
fn streams_are_well_formed() {
    let limits = "dialect = 'openai'
        per_output_token.fixed_s = 0.01
        [[provider.limit]]
        counts = 'requests'
        limit = 70
        per = 'minute'
        kind = 'gcra'";
    let server = serve(limits);
    let fields = r#", "stream": true, "stream_options": { "include_usage": true }"#;
    let said = call(server.at, &chat("a", &[], fields));
    assert_eq!(
        said.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
    assert_eq!(said.header("x-ratelimit-remaining-requests"), Some("69"));
    let data = said.data();
    let (last, chunks) = data.split_last().expect("events");
    assert_eq!(*last, "[DONE]");
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|it| serde_json::from_str(it).expect("JSON"))
        .collect();
    let text = chunks
        .iter()
        .filter_map(|it| it["choices"][0]["delta"]["content"].as_str());
    assert_eq!(text.collect::<String>(), "The limit holds, so we wait.");
    let (usage, chunks) = chunks.split_last().expect("chunks");
    assert_eq!(usage["usage"]["completion_tokens"], 8);
    assert_eq!(usage["choices"], serde_json::json!([]));
    assert_eq!(
        chunks.last().expect("one")["choices"][0]["finish_reason"],
        "stop"
    );
    assert!(
        chunks
            .iter()
            .all(|it| it["object"] == "chat.completion.chunk")
    );
    // Word by word, as far as this machine can tell words apart.
    assert!(chunks.len() > 3, "{}", chunks.len());

    let said = call(server.at, &message("a", r#", "stream": true"#));
    let names = said
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("event: "));
    let names: Vec<_> = names
        .filter(|name| *name != "content_block_delta")
        .collect();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    let data = said
        .data()
        .into_iter()
        .map(|it| serde_json::from_str(it).expect("JSON"));
    let data: Vec<Value> = data.collect();
    let text = data.iter().filter_map(|it| it["delta"]["text"].as_str());
    assert_eq!(text.collect::<String>(), "The limit holds, so we wait.");
    assert_eq!(data[data.len() - 2]["usage"]["output_tokens"], 8);
}

#[test]
fn an_answer_that_breaks_off_says_so() {
    // The first token is there at once, so that all break off after it.
    let server = serve("break_off_rate = 1\nper_output_token.fixed_s = 0.01\ndialect = 'openai'");
    let said = call(server.at, &chat("a", &[], r#", "stream": true"#));
    assert_eq!(said.status, 200);
    let data = said.data();
    let error: Value = serde_json::from_str(data[data.len() - 1]).expect("JSON");
    assert_eq!(error["error"]["type"], "server_error");
    assert!(!said.body.contains("[DONE]") && !said.body.contains("stop"));
    let said = call(server.at, &message("a", r#", "stream": true"#));
    assert!(said.body.contains("event: error\n") && !said.body.contains("message_stop"));
    let said = call(server.at, &chat("a", &[], ""));
    assert_eq!(said.status, 500);
    assert_eq!((server.counts.failed(), server.counts.answered()), (3, 0));
}

#[test]
fn what_is_no_request_is_told_so_in_the_form_of_the_endpoint() {
    let server = serve("");
    let key = ["x-api-key: a"];
    let post = |path: &str, body: &str| call(server.at, &request("POST", path, &key, body));
    let chats = "/v1/chat/completions";
    let said = call(server.at, &request("POST", chats, &[], "{}"));
    assert_eq!(
        (said.status, said.json()["error"]["code"].as_str()),
        (401, Some("invalid_api_key"))
    );
    let said = call(
        server.at,
        &request("POST", "/v1/messages", &["authorization: Bearer "], "{}"),
    );
    assert_eq!(
        (said.status, said.json()["error"]["type"].as_str()),
        (401, Some("authentication_error"))
    );
    let said = post("/v1/nothing", "{}");
    assert_eq!(
        (said.status, said.json()["error"]["type"].as_str()),
        (404, Some("invalid_request_error"))
    );
    let said = call(server.at, &request("GET", chats, &key, ""));
    assert_eq!((said.status, said.header("allow")), (405, Some("POST")));
    for (path, body, part) in [
        (chats, "{", "EOF"),
        (chats, "{}", "missing field `model`"),
        (chats, r#"{ "model": "m", "messages": [] }"#, "at least one"),
        (
            chats,
            r#"{ "model": "m", "messages": ["a"], "n": 2 }"#,
            "n: expected 1",
        ),
        (
            "/v1/messages",
            r#"{ "model": "m", "messages": ["a"] }"#,
            "missing field `max_tokens`",
        ),
        (
            "/v1/embeddings",
            r#"{ "model": "m", "input": [] }"#,
            "at least one",
        ),
        (
            "/v1/embeddings",
            r#"{ "model": "m", "input": "a", "dimensions": 99999999 }"#,
            "dimensions",
        ),
    ] {
        let said = post(path, body);
        assert_eq!(said.status, 400, "{body}");
        let message = said.json()["error"]["message"].to_string();
        assert!(message.contains(part), "{message}");
    }
    let said = call(server.at, &chat("a", &["x-paceline-job: -1"], ""));
    assert_eq!(said.status, 400);
    assert!(
        said.body
            .contains("x-paceline-job: expected a whole number")
    );
    assert_eq!(server.counts.calls(), 0);
}
