use std::{num::NonZeroU32, time::Duration};

use paceline_core::{Demand, Dimension, Quota};
use paceline_quota::CalendarUnit;
use paceline_redis::{Outage, Salt, SharedLimit, Store, Window};

pub(crate) const ONE: Demand = Demand::request(0, 0);

pub(crate) fn store(url: &str, timeout: Duration) -> Store {
    let salt = Salt::new(b"a secret of this deployment").expect("it is long enough");
    Store::open_with_timeout(url, salt, timeout).expect("the address is valid")
}

pub(crate) fn rate(per_second: u64, burst: u64) -> SharedLimit {
    let quota = Quota::per_second(per_second).with_burst(burst);
    SharedLimit::gcra(Dimension::Requests, quota.expect("it is above zero"))
}

pub(crate) fn monthly(cells: u64) -> SharedLimit {
    SharedLimit::quota(Dimension::Requests, cells, Window::utc(CalendarUnit::Month))
}

pub(crate) fn share(processes: u32) -> Outage {
    let processes = NonZeroU32::new(processes).expect("it is above zero");
    Outage::LocalShare { processes }
}

/// Says whether a figure is met.
pub(crate) fn check(what: &str, figure: impl std::fmt::Display, met: bool) -> bool {
    println!("  {} {what}: {figure}", if met { "ok  " } else { "FAIL" });
    met
}

/// Runs something that waits from code that does not.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}
