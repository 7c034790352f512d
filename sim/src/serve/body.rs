use std::{sync::Arc, time::Duration};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fault::Fault;

/// The longest body of a request that is read, in bytes: 4 MiB.
pub(super) const LONGEST_BODY: usize = 4 << 20;
/// How long a body may take to arrive, in real time.
pub(super) const WITHIN: Duration = Duration::from_secs(30);
/// From this length on, in bytes, few bodies are held at a time: 64 KiB.
const LARGE: usize = 64 << 10;
/// How many large bodies are held at a time; the others wait.
const MOST_LARGE: usize = 64;

/// Reads bodies, and sees to it that all of them together take no more memory than connections times [`LARGE`] and
/// [`MOST_LARGE`] times [`LONGEST_BODY`].
pub(super) struct Bodies(Arc<Semaphore>);

/// A body, and its room if it is large.
pub(super) struct Whole {
    pub(super) bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST_LARGE)))
    }

    /// Reads a body, if it is not too long; one that says so beforehand is not read at all.
    pub(super) async fn read<B: Body<Data = Bytes> + Unpin>(
        &self,
        body: B,
    ) -> Result<Whole, Fault> {
        if body.size_hint().lower() > LONGEST_BODY as u64 {
            return Err(Fault::TooLong);
        }
        let whole = tokio::time::timeout(WITHIN, self.collect(body)).await;
        whole.unwrap_or(Err(Fault::Slow))
    }

    async fn collect<B: Body<Data = Bytes> + Unpin>(&self, mut body: B) -> Result<Whole, Fault> {
        let (mut bytes, mut room) = (Vec::new(), None);
        while let Some(frame) = body.frame().await {
            // Whoever broke it off does not read the answer either.
            let frame = frame.map_err(|_| Fault::Bad("expected the whole body".to_owned()))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let length = bytes.len().saturating_add(data.len());
            if length > LONGEST_BODY {
                return Err(Fault::TooLong);
            }
            if length > LARGE && room.is_none() {
                // It is never closed.
                room = Arc::clone(&self.0).acquire_owned().await.ok();
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Whole { bytes, _room: room })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        pin::Pin,
        task::{Context, Poll},
    };

    use hyper::body::{Frame, SizeHint};

    use super::*;

    /// So many bytes in pieces, after which it ends or never does.
    struct Pieces {
        left: usize,
        ends: bool,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let size = self.left.min(10_000);
            self.left -= size;
            match size {
                0 if self.ends => Poll::Ready(None),
                0 => Poll::Pending,
                _ => Poll::Ready(Some(Ok(Frame::data(vec![b' '; size].into())))),
            }
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::new()
        }
    }

    const fn pieces(left: usize) -> Pieces {
        Pieces { left, ends: true }
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_is_not_waited_for() {
        let bodies = Bodies::new();
        let never = Pieces {
            left: 10,
            ends: false,
        };
        assert!(matches!(bodies.read(never).await, Err(Fault::Slow)));
        let (fits, not) = (pieces(LONGEST_BODY), pieces(LONGEST_BODY + 1));
        let fits = bodies.read(fits).await.ok().map(|it| it.bytes.len());
        assert_eq!(fits, Some(LONGEST_BODY));
        assert!(matches!(bodies.read(not).await, Err(Fault::TooLong)));
    }

    #[tokio::test(start_paused = true)]
    async fn few_large_bodies_are_held_at_a_time_and_small_ones_always() {
        let bodies = Bodies::new();
        let mut held = Vec::new();
        for _ in 0..MOST_LARGE {
            held.push(bodies.read(pieces(LARGE + 1)).await.ok());
        }
        assert!(held.iter().all(Option::is_some));
        assert!(bodies.read(pieces(LARGE)).await.is_ok());
        let more = bodies.read(pieces(LARGE + 1)).await;
        assert!(matches!(more, Err(Fault::Slow)), "there is no room");
        held.pop();
        assert!(bodies.read(pieces(LARGE + 1)).await.is_ok());
    }
}
