use std::{mem, task::Waker};

use paceline_admission::{Admission, Grant, Place, Priority, Refusal};
use paceline_composite::Admit;
use paceline_core::{Clock, Denied, Timestamp};
use tokio::runtime::{Handle, Id};

use crate::{AcquireError, outside::Outside, timer::Timer};

/// What tasks wait for, and who waits.
///
/// *Invariant.* Whenever the lock is free, the head of the line has been woken, or waits for a
/// permit, or the timer is set for it. Nobody else has to be woken.
pub(crate) struct State<A: Admit> {
    pub(crate) admission: Admission<A, Task>,
    timer: Timer,
}

/// A task in line.
#[derive(Debug)]
pub(crate) struct Task {
    waker: Waker,
    /// In which it is polled; a timer of another one may never go off.
    runtime: Option<Id>,
}

/// What became of a newcomer.
pub(crate) enum Welcome<A: Admit> {
    Admitted(Grant<A>),
    Waits,
}

impl<A: Admit> State<A> {
    pub(crate) fn new(admission: Admission<A, Task>) -> Self {
        Self {
            admission,
            timer: Timer::default(),
        }
    }

    /// Admits a newcomer, if it comes before all who wait; else it joins the line, in the place that
    /// it had before, if it had one.
    pub(crate) fn welcome(
        &mut self,
        now: Timestamp,
        priority: Priority,
        former: Option<Place>,
        cost: A::Cost,
        waker: &Waker,
    ) -> Result<(Place, Welcome<A>), AcquireError> {
        let place = self.place(now, priority, former);
        let answer = if self.admission.is_first(place) {
            self.admission.try_admit(now, cost).map(Some)
        } else {
            self.admission.check(now, cost).map(|()| None)
        };
        match answer {
            Ok(Some(grant)) => return Ok((place, Welcome::Admitted(grant))),
            Err(Refusal::Denied(Denied::TooLarge { max })) => {
                return Err(AcquireError::TooLarge { max });
            }
            Ok(None) | Err(_) => {}
        }
        let task = Task {
            waker: waker.clone(),
            runtime: runtime(),
        };
        let again = match former {
            Some(former) => self.admission.rejoin(former, cost, task).map(|()| former),
            None => Err(task),
        };
        let joined = again.or_else(|task| self.admission.join(now, priority, cost, task));
        match joined {
            Ok(place) => Ok((place, Welcome::Waits)),
            Err(_) => Err(AcquireError::LineFull {
                most: self.admission.line().most(),
            }),
        }
    }

    /// Where a newcomer would stand: where it stood before, if it did.
    pub(crate) fn place(&self, now: Timestamp, priority: Priority, former: Option<Place>) -> Place {
        former.unwrap_or_else(|| self.admission.line().place(now, priority))
    }

    /// Whoever waits at this place is woken by this from now on.
    pub(crate) fn set_waker(&mut self, place: Place, waker: &Waker, outside: &mut Outside) {
        if let Some(waiter) = self.admission.line_mut().get_mut(place)
            && !waiter.who.waker.will_wake(waker)
        {
            let before = mem::replace(&mut waiter.who.waker, waker.clone());
            outside.dropped.push(before);
            waiter.who.runtime = runtime();
            // The timer knows the old one.
            outside.dropped.extend(self.timer.unset(place));
        }
    }

    /// Admits whoever waits at this place, if it is its turn; else sees to it that it is woken.
    pub(crate) fn take_turn(
        &mut self,
        mut now: Timestamp,
        clock: &dyn Clock,
        place: Place,
        cost: A::Cost,
        waker: &Waker,
        outside: &mut Outside,
    ) -> Option<Result<Grant<A>, AcquireError>> {
        if !self.is_head(place) {
            return None;
        }
        loop {
            let answer = match self.admission.try_admit(now, cost) {
                Ok(grant) => Ok(grant),
                Err(Refusal::Denied(Denied::TooLarge { max })) => {
                    Err(AcquireError::TooLarge { max })
                }
                Err(Refusal::Denied(Denied::Until(at))) => {
                    let (over, timed) = self.timer.set(clock, now, at, place, waker);
                    outside.dropped.extend(timed);
                    if !over {
                        return None;
                    }
                    now = clock.now();
                    continue;
                }
                Err(Refusal::Busy) => {
                    // Whoever gives a permit back wakes the head of the line.
                    outside.dropped.extend(self.timer.unset(place));
                    return None;
                }
            };
            self.leave(place, outside);
            self.hand_over(clock, now, outside);
            return Some(answer);
        }
    }

    fn is_head(&self, place: Place) -> bool {
        let head = self.admission.line().head();
        head.is_some_and(|(head, _)| head == place)
    }

    fn leave(&mut self, place: Place, outside: &mut Outside) {
        let left = self.admission.leave(place);
        outside.dropped.extend(left.map(|task| task.waker));
        outside.dropped.extend(self.timer.unset(place));
    }

    /// Gives up a place, and wakes who is next if it was its turn.
    pub(crate) fn give_up(&mut self, now: Timestamp, place: Place, outside: &mut Outside) {
        let was_head = self.is_head(place);
        self.leave(place, outside);
        if was_head {
            self.nudge(now, outside);
        }
    }

    /// Wakes the head of the line if it would be admitted now, or before its timer.
    ///
    /// To be called when something came back, or changed.
    pub(crate) fn nudge(&self, now: Timestamp, outside: &mut Outside) {
        let Some((place, head)) = self.admission.line().head() else {
            return;
        };
        let waits = match self.admission.check(now, head.cost) {
            Err(Refusal::Busy) => true,
            Err(Refusal::Denied(Denied::Until(at))) => self.timer.is_set_for(place, at),
            Ok(()) | Err(Refusal::Denied(Denied::TooLarge { .. })) => false,
        };
        if !waits {
            outside.woken = Some(head.who.waker.clone());
        }
    }

    /// Sees to it that the next in line is woken when it conforms, and not before.
    fn hand_over(&mut self, clock: &dyn Clock, now: Timestamp, outside: &mut Outside) {
        let Some((place, head)) = self.admission.line().head() else {
            return;
        };
        match self.admission.check(now, head.cost) {
            // Whoever gives a permit back wakes it.
            Err(Refusal::Busy) => return,
            Err(Refusal::Denied(Denied::Until(at)))
                if head.who.runtime.is_some() && head.who.runtime == runtime() =>
            {
                let (over, timed) = self.timer.set(clock, now, at, place, &head.who.waker);
                outside.dropped.extend(timed);
                if !over {
                    return;
                }
            }
            // It conforms, or never does, or must set a timer where it is polled.
            _ => {}
        }
        outside.woken = Some(head.who.waker.clone());
    }
}

/// The runtime in which this is polled.
fn runtime() -> Option<Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}
