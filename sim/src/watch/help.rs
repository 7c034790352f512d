use ratatui::{
    Frame,
    layout::Rect,
    text::Line,
    widgets::{Block, Clear, Paragraph},
};

/// Explains keys and columns, over what is there.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect) {
    let lines = [
        "space      stop, go on",
        "s          one thing more, then stop",
        "+ -        twice, half as fast",
        "tab  down  next strategy",
        "up         the strategy before",
        "?          this",
        "q  esc     leave",
        "",
        "calls: under way now.",
        "of best: done, as a part of what any schedule",
        "could get admitted by the end.",
        "left: what the provider has left of the limit",
        "that is nearest to its end.",
    ];
    let (width, height) = (51.min(area.width), 15.min(area.height));
    let at = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, at);
    let text: Vec<Line<'_>> = lines
        .iter()
        .map(|line| Line::from(format!(" {line}")))
        .collect();
    let block = Block::bordered().title(" Keys ");
    frame.render_widget(Paragraph::new(text).block(block), at);
}
