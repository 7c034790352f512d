//! Requests are drawn as a scenario says: arrivals, sizes and replays.

mod arrivals;
mod draws;
mod replays;
mod sizes;
