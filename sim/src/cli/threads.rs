use rayon::{ThreadPool, ThreadPoolBuilder};

/// So many threads; one for each core, if absent.
pub(super) fn threads(count: Option<u16>) -> anyhow::Result<ThreadPool> {
    let count = count.map_or(0, usize::from);
    Ok(ThreadPoolBuilder::new().num_threads(count).build()?)
}
