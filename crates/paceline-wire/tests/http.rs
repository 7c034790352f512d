//! Headers in an `http::HeaderMap`.
#![cfg(feature = "http")]

use http::{HeaderMap, HeaderValue, StatusCode};
use paceline_core::Timestamp;
use paceline_wire::read_http;

#[test]
fn a_header_on_several_lines_is_one_list() {
    let mut headers = HeaderMap::new();
    for policy in ["\"a\";q=1;w=1", "\"b\";q=2;w=60"] {
        headers.append("ratelimit-policy", HeaderValue::from_static(policy));
    }
    for seconds in ["5", "9"] {
        headers.append("retry-after", HeaderValue::from_static(seconds));
    }
    let feedback = read_http(
        StatusCode::TOO_MANY_REQUESTS,
        &headers,
        b"",
        Timestamp::EPOCH,
    );
    let limits: Vec<_> = feedback.limits.iter().map(|limit| limit.limit).collect();
    assert_eq!(limits, [Some(1), Some(2)]);
    let after = feedback.retry_after(Timestamp::EPOCH);
    assert_eq!(after.map(|after| after.as_secs()), Some(9));
}

#[test]
fn what_is_no_text_is_passed_over() {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_bytes(b"\xff").expect("it is legal");
    headers.insert("retry-after", value);
    let feedback = read_http(
        StatusCode::TOO_MANY_REQUESTS,
        &headers,
        b"",
        Timestamp::EPOCH,
    );
    assert_eq!(feedback.hint, None);
}
