use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::body::{Body, Bytes, Frame};
use paceline_core::Timestamp;
use tokio::time::{Sleep, sleep_until};

use super::{clock::Clock, events::Events, line::Line};
use crate::model::{Ending, Heard, Outcome};

/// An answer that is told word by word, as time goes on.
///
/// It is made as it is read: a reader that is slow gets more words at a time, and holds up nobody.
pub(super) struct Stream {
    line: Line,
    clock: Clock,
    events: Events,
    first_at: Timestamp,
    /// How long each token takes.
    each: Duration,
    /// How many tokens were told.
    told: u64,
    /// What became of it, once that is known.
    ending: Option<Ending>,
    step: Step,
    sleep: Pin<Box<Sleep>>,
}

enum Step {
    Opening,
    Words,
    Over,
}

impl Stream {
    /// An answer whose first token is there at that time, and the others after `each`; how it ends, if that was
    /// heard before.
    pub(super) fn new(
        line: Line,
        clock: Clock,
        events: Events,
        (first_at, each): (Timestamp, Duration),
        ending: Option<Ending>,
    ) -> Self {
        let sleep = Box::pin(sleep_until(clock.instant(first_at)));
        Self {
            line,
            clock,
            events,
            first_at,
            each,
            told: 0,
            ending,
            step: Step::Opening,
            sleep,
        }
    }

    /// How many tokens there are in all.
    const fn tokens(&self) -> u64 {
        self.events.about.output_tokens
    }

    /// How many tokens are there at a time.
    fn due(&self, now: Timestamp) -> u64 {
        if now < self.first_at {
            return 0;
        }
        let since = now.saturating_duration_since(self.first_at);
        let each = self.each.as_nanos();
        let due = since.as_nanos().checked_div(each);
        let due = due.map_or(u64::MAX, |due| u64::try_from(due).unwrap_or(u64::MAX));
        due.saturating_add(1).min(self.tokens())
    }

    /// When the next token is there.
    fn next_at(&self) -> Timestamp {
        let tokens = u32::try_from(self.told).unwrap_or(u32::MAX);
        self.first_at
            .saturating_add(self.each.saturating_mul(tokens))
    }

    /// What is to be told next; waits if that is nothing.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<String>> {
        match self.step {
            Step::Opening => {
                self.step = Step::Words;
                return Poll::Ready(Some(self.events.opening()));
            }
            Step::Words => {}
            Step::Over => return Poll::Ready(None),
        }
        if self.ending.is_none() {
            match self.line.poll(cx) {
                Poll::Ready(Some(Heard::Ends(_, ending))) => self.ending = Some(ending),
                Poll::Ready(Some(Heard::Begins(..))) | Poll::Pending => {}
                Poll::Ready(None) => {
                    self.step = Step::Over;
                    return Poll::Ready(Some(self.events.broken("")));
                }
            }
        }
        loop {
            let due = match &self.ending {
                Some(ending) if ending.outcome == Outcome::Success => self.tokens(),
                Some(ending) => self.due(ending.at),
                None => self.due(self.clock.now()),
            };
            if due > self.told {
                let piece = self.events.words(self.told, due - self.told);
                self.told = due;
                return Poll::Ready(Some(piece));
            }
            if let Some(ending) = &self.ending {
                self.step = Step::Over;
                return Poll::Ready(Some(match ending.outcome {
                    Outcome::Success => self.events.closing(),
                    _ => self.events.broken(&ending.response.body),
                }));
            }
            if self.told >= self.tokens() {
                return Poll::Pending;
            }
            let at = self.clock.instant(self.next_at());
            self.sleep.as_mut().reset(at);
            ready!(self.sleep.as_mut().poll(cx));
        }
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.poll_piece(cx);
        piece.map(|it| it.map(|piece| Ok(Frame::data(piece.into()))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.step, Step::Over)
    }
}
