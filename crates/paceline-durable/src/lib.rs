//! Day and month quotas that survive restarts and crashes.
//!
//! A [`DurableQuota`] counts in a [`Store`]: a [`HighWaterFile`], or a `RedbStore` behind the feature `redb`. It
//! is a [`Limiter`](paceline_core::Limiter) like any other, and stands in a throttle beside others.
//!
//! # What is promised
//!
//! *Invariant.* In one window of a quota no more than its limit is granted, over all restarts. A crash may
//! count at most one lease too much, a clean end nothing.
//!
//! *Failures that it holds under.* The process ends at any instruction. The power fails, and again amid what
//! follows, and of each block under way the disk keeps the old content, the new, a mixture or garbage. One block of a
//! quota goes bad. Any read, write or flush fails or is short. The clock is set back, by any amount.
//!
//! *Outside of it.* A disk that says "durable" and lies. A file that is deleted, or put back from an old copy: then
//! cells can be granted again. Both copies of the newest mark gone bad: then those of one lease can be. A clock that
//! was ahead when a window began: that window then lasts until its wrong end, and the quota grants too little.
//! A flush that fails and a power failure after it, with `RedbStore`: the database may not open any more.
//! Several processes at once: the second one is refused.
//!
//! # Waiting for the disk
//!
//! Once per lease, `check` waits for the disk: a fraction of a millisecond on good ones, ten on poor ones. Where a
//! thread must never wait, as under tokio, let another one write [renewals](DurableQuota::renewal) in time.

mod disk;
mod durable_quota;
mod error;
mod high_water_file;
mod mark;
mod quota_id;
mod record;
#[cfg(feature = "redb")]
mod redb_store;
mod reservation;
mod store;
mod table;

pub use disk::Disk;
pub use durable_quota::DurableQuota;
pub use error::{NotGranted, OpenError};
pub use high_water_file::HighWaterFile;
pub use mark::Mark;
pub use quota_id::QuotaId;
#[cfg(feature = "redb")]
pub use redb_store::RedbStore;
pub use reservation::Renewal;
pub use store::{Store, StoreError};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
