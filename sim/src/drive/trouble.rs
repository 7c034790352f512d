use std::cell::RefCell;

use hyper::StatusCode;
use paceline_core::{Class, Feedback};
use tokio::sync::Notify;

use super::http::Caller;

/// What makes it pointless to go on.
#[derive(Default)]
pub(super) struct Trouble {
    what: RefCell<Option<String>>,
    told: Notify,
}

impl Trouble {
    /// Waits for it, in vain in most cases.
    pub(super) async fn comes(&self) -> String {
        loop {
            if let Some(what) = self.what.take() {
                return what;
            }
            self.told.notified().await;
        }
    }

    /// Looks for it in an answer: no retry makes a server know an address or a key.
    pub(super) fn look_for(&self, caller: &Caller, status: StatusCode, feedback: &Feedback) {
        const POINTLESS: [StatusCode; 4] = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED,
        ];
        if feedback.class == Class::Other && POINTLESS.contains(&status) {
            let address = caller.target();
            let what = format!("--against: {address} answers {status}");
            self.what.replace(Some(what));
            self.told.notify_one();
        }
    }
}
