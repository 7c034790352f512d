use super::{events::Slice, phase::Phase};
use crate::model::Outcome;

/// On which tracks things stand: a process for all clients together, one for each client, one for each key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracks {
    pub(super) clients: usize,
    pub(super) keys: usize,
}

impl Tracks {
    /// The process of what concerns all clients.
    pub(super) const ALL: u64 = 1;

    pub(super) const fn client(client: usize) -> u64 {
        Self::ALL + 1 + client as u64
    }

    pub(super) const fn key(self, key: usize) -> u64 {
        Self::ALL + 1 + (self.clients + key) as u64
    }

    /// The slice of a request, in which its phases nest.
    pub(super) const fn request(id: u64, client: usize) -> Slice<'static> {
        Slice {
            name: "request",
            category: "request",
            id,
            process: Self::client(client),
        }
    }

    /// The slice on its key of a call that the provider admits.
    pub(super) fn call(self, id: u64, phase: &Phase) -> Option<Slice<'static>> {
        let Phase::Call { key, outcome, .. } = *phase else {
            return None;
        };
        matches!(outcome, Outcome::Success | Outcome::Failed).then(|| Slice {
            name: "call",
            category: "call",
            id,
            process: self.key(key),
        })
    }

    /// The slice of a closed gate of a client for a key.
    pub(super) const fn gate(self, client: usize, key: usize) -> Slice<'static> {
        Slice {
            name: "gate closed",
            category: "gate",
            id: (client * self.keys + key) as u64,
            process: Self::client(client),
        }
    }
}
