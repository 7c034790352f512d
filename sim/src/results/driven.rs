/// How a strategy was driven in real time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Driven {
    /// The address of the server.
    pub against: String,
    /// How many times as fast as time the clock of the client went.
    pub speed: u32,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}
