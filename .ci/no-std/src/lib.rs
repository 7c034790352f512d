//! Uses every published crate without std.
//!
//! If any of them, or anything that they depend on, linked std, its panic handler would clash with
//! the one below, and this would not build.

#![no_std]

extern crate alloc;

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr,
    time::Duration,
};

use paceline_adaptive::LearnedLimits;
use paceline_admission::{Admission, Gate, Priority, WaitLine};
use paceline_backoff::{Delay, Jitter, RetryPolicy};
use paceline_composite::{All, ByDimension, Settling, StrictSettling};
use paceline_concurrency::{Concurrency, Gradient2, Outcome, Permits};
use paceline_core::{Demand, Dimension, Limiter, Quota, Timestamp};
use paceline_gcra::{AtomicGcra, Gcra};
use paceline_keyed::Keyed;
use paceline_quota::{CalendarUnit, QuotaTracker, Window};
use paceline_router::{Policy, Router};
use paceline_sliding_window::SlidingLog;
use paceline_token_bucket::TokenBucket;

/// An allocator that has nothing to give: this program is built and never run.
struct Nothing;

unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Nothing = Nothing;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Keeps everything from being optimised away.
#[unsafe(no_mangle)]
pub extern "C" fn decide() -> bool {
    let (now, quota) = (Timestamp::EPOCH, Quota::per_minute(60));
    let day = Window::calendar(CalendarUnit::Day, jiff::tz::TimeZone::UTC);
    let minute = Window::fixed(Duration::from_secs(60));
    let policy = RetryPolicy::new(Delay::constant(Duration::from_secs(1)), Jitter::FULL);
    let (least, most) = policy.bounds(0);
    let mut calls = Concurrency::new(Gradient2::netflix());
    if let Ok(ticket) = calls.try_start(now) {
        calls.finish(ticket, now, Outcome::Success);
    }
    let mut limits = ByDimension::new([(Dimension::Requests, Settling::new(Gcra::new(quota)))]);
    let receipts = limits.reserve(now, Demand::default());
    let mut gate = Gate::new(1);
    gate.close(now, now, None);
    Gcra::new(quota).try_acquire(now, 1).is_ok()
        && AtomicGcra::new(quota, now).try_acquire(now, 1).is_ok()
        && Keyed::<u64>::new(quota, 9, now)
            .try_acquire(now, &1, 1)
            .is_ok()
        && TokenBucket::new(quota).try_acquire(now, 1).is_ok()
        && SlidingLog::new(quota).try_acquire(now, 1).is_ok()
        && QuotaTracker::new(5, day).try_acquire(now, 1).is_ok()
        && QuotaTracker::new(5, minute).try_acquire(now, 1).is_ok()
        && least < most
        && calls.available() > 0
        && receipts.is_ok_and(|receipts| limits.cancel(now, receipts).is_ok())
        && StrictSettling::new(Gcra::new(quota))
            .try_acquire(now, 1)
            .is_ok()
        && All((Gcra::new(quota), gate)).check(now, 1).is_err()
        && WaitLine::new(1).join(now, Priority::BATCH, 'a').is_ok()
        && Permits::new(1).try_acquire().is_ok()
        && Admission::<_, ()>::new(Gcra::new(quota), 1)
            .try_admit(now, 1)
            .is_ok()
        && LearnedLimits::new(now)
            .check(now, Demand::default())
            .is_ok()
        && paceline_wire::read(429, |_: &str| None, b"", now)
            .hint
            .is_none()
        && Router::new(alloc::vec::Vec::new(), Policy::Weighted)
            .earliest(now, |_| Ok(1))
            .is_err()
}
