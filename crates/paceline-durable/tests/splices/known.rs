/// What may be found of a quota.
#[derive(Debug, Default)]
pub(crate) struct Known {
    durable: Option<u64>,
    /// What was found in the cache, or is under way.
    maybe: Vec<u64>,
}

impl Known {
    pub(crate) fn attempted(&mut self, to: u64, durable: bool) {
        if durable {
            (self.durable, self.maybe) = (Some(to), Vec::new());
        } else {
            self.maybe.push(to);
        }
    }

    /// Whether this may be found; then nothing else may be later on, unless it was in the cache alone.
    pub(crate) fn finds(&mut self, found: Option<u64>, crashed: bool) -> bool {
        let expected = found.is_some_and(|found| self.maybe.contains(&found));
        let old = found == self.durable;
        if !expected && !old {
            return false;
        }
        if crashed {
            self.durable = found;
        }
        if crashed || !expected {
            self.maybe.clear();
        }
        true
    }
}
