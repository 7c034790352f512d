use alloc::collections::{BTreeMap, VecDeque};
use core::{iter, mem};

use crate::Place;

/// Those who wait, by their places.
///
/// Most come and go in the order in which they are served, which costs a push and a pop. Those who pass somebody
/// stand in a tree.
#[derive(Clone, Debug)]
pub(crate) struct Waiters<T> {
    /// By rising places. Who left from behind the first leaves a gap.
    in_order: VecDeque<(Place, Option<T>)>,
    gaps: usize,
    passing: BTreeMap<Place, T>,
}

impl<T> Waiters<T> {
    pub(crate) const fn new() -> Self {
        Self {
            in_order: VecDeque::new(),
            gaps: 0,
            passing: BTreeMap::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.in_order.len() - self.gaps + self.passing.len()
    }

    /// Adds a waiter in a place that nobody has.
    pub(crate) fn insert(&mut self, place: Place, waiter: T) {
        if self.in_order.back().is_none_or(|last| last.0 < place) {
            self.in_order.push_back((place, Some(waiter)));
        } else if self.in_order.front().is_some_and(|first| place < first.0) {
            self.in_order.push_front((place, Some(waiter)));
        } else if let Some(gap) = self.find(place) {
            self.in_order[gap].1 = Some(waiter);
            self.gaps -= 1;
        } else {
            self.passing.insert(place, waiter);
        }
    }

    /// Who has the lowest place.
    pub(crate) fn first(&self) -> Option<(Place, &T)> {
        let in_order = self.in_order.front();
        let in_order = in_order.and_then(|(place, waiter)| Some((*place, waiter.as_ref()?)));
        let passing = self.passing.first_key_value();
        let passing = passing.map(|(place, waiter)| (*place, waiter));
        match (in_order, passing) {
            (Some(first), Some(other)) if other.0 < first.0 => Some(other),
            (first, other) => first.or(other),
        }
    }

    pub(crate) fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        match self.find(place) {
            Some(at) => self.in_order[at].1.as_mut(),
            None => self.passing.get_mut(&place),
        }
    }

    pub(crate) fn contains(&self, place: Place) -> bool {
        match self.find(place) {
            Some(at) => self.in_order[at].1.is_some(),
            None => self.passing.contains_key(&place),
        }
    }

    pub(crate) fn remove(&mut self, place: Place) -> Option<T> {
        let Some(at) = self.find(place) else {
            return self.passing.remove(&place);
        };
        let waiter = mem::take(&mut self.in_order[at].1)?;
        self.gaps += 1;
        self.trim();
        Some(waiter)
    }

    /// By rising places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Place, &T)> {
        let in_order = self.in_order.iter();
        let in_order = in_order.filter_map(|(place, waiter)| Some((*place, waiter.as_ref()?)));
        let passing = self.passing.iter().map(|(place, waiter)| (*place, waiter));
        let (mut in_order, mut passing) = (in_order.peekable(), passing.peekable());
        iter::from_fn(move || match (in_order.peek(), passing.peek()) {
            (Some(first), Some(other)) if other.0 < first.0 => passing.next(),
            (Some(_), _) => in_order.next(),
            (None, _) => passing.next(),
        })
    }

    /// Where a place stands among those in order, be it a gap.
    fn find(&self, place: Place) -> Option<usize> {
        if self.in_order.front().is_some_and(|first| first.0 == place) {
            return Some(0);
        }
        let found = self.in_order.binary_search_by_key(&place, |it| it.0);
        found.ok()
    }

    /// Takes gaps from the front, and all of them once they are the greater part.
    fn trim(&mut self) {
        let is_gap = |it: &mut (Place, Option<T>)| it.1.is_none();
        while self.in_order.pop_front_if(is_gap).is_some() {
            self.gaps -= 1;
        }
        if self.gaps > self.in_order.len() / 2 {
            self.in_order.retain(|it| it.1.is_some());
            self.gaps = 0;
        }
    }
}
