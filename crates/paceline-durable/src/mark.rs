use paceline_core::Timestamp;

/// A high-water mark: up to where the cells of a window may have been granted.
///
/// It is durable before any cell below it is handed out. So whatever happened, no more than
/// `granted_up_to` cells of the window were granted.
///
/// A window is known by its end: of windows that follow one rule, a later one ends later.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// The hash of the window's kind, length and time zone.
    pub rule: [u8; 16],
    /// When the window ends.
    pub ends_at: Timestamp,
    /// Cells of this window that may have been granted.
    pub granted_up_to: u64,
}
