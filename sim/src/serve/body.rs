use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Incoming};

use super::fault::Fault;

/// The longest body of a request that is read, in bytes: 4 MiB.
pub(super) const LONGEST_BODY: usize = 4 << 20;

/// How long a body may take to arrive, in real time.
pub(super) const WITHIN: Duration = Duration::from_secs(30);

/// Reads a body, if it is not too long; what says so beforehand is not read at all.
pub(super) async fn read(body: Incoming) -> Result<Bytes, Fault> {
    if body.size_hint().lower() > LONGEST_BODY as u64 {
        return Err(Fault::TooLong);
    }
    let whole = Limited::new(body, LONGEST_BODY).collect();
    match tokio::time::timeout(WITHIN, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(err)) if err.is::<http_body_util::LengthLimitError>() => Err(Fault::TooLong),
        // Then nobody reads the answer either.
        Ok(Err(_)) => Err(Fault::Bad("expected the whole body".to_owned())),
        Err(_) => Err(Fault::Slow),
    }
}
