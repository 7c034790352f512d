use alloc::{string::String, vec::Vec};

use http::{HeaderMap, StatusCode};
use paceline_core::{Feedback, Timestamp};

use crate::{pairs, read};

/// Reads a response as [`read`] does, with its headers in an [`http::HeaderMap`].
///
/// A header that came on several lines is read as one list, as RFC 9110 says. What is not ASCII is
/// passed over.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use http::{HeaderMap, StatusCode};
/// use paceline_core::Timestamp;
///
/// let now = Timestamp::from_nanos(1_790_000_000_000_000_000);
/// let mut headers = HeaderMap::new();
/// headers.insert("retry-after", "20".parse()?);
/// let status = StatusCode::TOO_MANY_REQUESTS;
/// let feedback = paceline_wire::read_http(status, &headers, b"", now);
/// assert_eq!(feedback.retry_after(now), Some(Duration::from_secs(20)));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
pub fn read_http(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    received_at: Timestamp,
) -> Feedback {
    // Few headers come on several lines, so few are copied.
    let mut lists: Vec<(&str, String)> = Vec::new();
    for name in headers.keys() {
        let lines = headers.get_all(name);
        if lines.iter().nth(1).is_some() {
            let lines: Vec<_> = lines.iter().filter_map(|line| line.to_str().ok()).collect();
            lists.push((name.as_str(), lines.join(", ")));
        }
    }
    let list = pairs(&lists);
    let get = |name: &str| list(name).or_else(|| headers.get(name)?.to_str().ok());
    read(status.as_u16(), get, body, received_at)
}
