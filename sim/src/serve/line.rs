use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::driver::Command;
use crate::model::{Heard, Outside};

/// One call's connection to the model, which hangs up when it is dropped before the call has ended.
pub(super) struct Line {
    number: u64,
    model: mpsc::UnboundedSender<Command>,
    heard: mpsc::UnboundedReceiver<Heard>,
    has_ended: bool,
}

impl Line {
    /// Sends a call.
    pub(super) fn call(model: &mpsc::UnboundedSender<Command>, call: Outside) -> Self {
        let (caller, heard) = mpsc::unbounded_channel();
        // If the model is gone, so is the caller, and nothing is heard.
        let _ = model.send(Command::Send(call, caller));
        Self {
            number: call.number,
            model: model.clone(),
            heard,
            has_ended: false,
        }
    }

    /// What is heard next; `None` if that is nothing, ever.
    pub(super) async fn hear(&mut self) -> Option<Heard> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    /// The same, as it is polled.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Heard>> {
        let heard = self.heard.poll_recv(cx);
        if let Poll::Ready(None | Some(Heard::Ends(..))) = &heard {
            self.has_ended = true;
        }
        heard
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.has_ended {
            let _ = self.model.send(Command::Leave(self.number));
        }
    }
}
