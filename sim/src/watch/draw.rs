use ratatui::{
    Frame,
    layout::{Alignment, Constraint, Layout, Rect},
    style::{Color, Modifier, Style, Stylize},
    text::{Line, Span},
    widgets::{
        Block, Borders, Cell, LineGauge, List, Paragraph, Row, Sparkline, Table, TableState,
    },
};

use super::{
    help,
    view::{Gauge, Lane, View, clock},
};
use crate::report::format::{count_u64, percent, seconds, short_count, short_seconds};

/// From this width on there is room for a sparkline of each strategy.
const WIDE: u16 = 110;

/// The width of the bar in the list of strategies.
const BAR: u16 = 8;
const FULL: &str = "█";
const EMPTY: &str = "░";

/// How many lines are kept for what is not the list of strategies.
const DETAILS: u16 = 11;

/// Draws what is to be seen.
pub fn draw(frame: &mut Frame<'_>, view: &View) {
    let area = frame.area();
    let all = u16::try_from(view.lanes.len()).unwrap_or(u16::MAX);
    // Its borders and its heading come on top.
    let lanes = all
        .saturating_add(3)
        .min(area.height.saturating_sub(DETAILS).max(4));
    let [title, table, detail, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(lanes),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(heading(view), title);
    strategies(frame, view, table);
    if let Some(lane) = view.lanes.get(view.selected) {
        details(frame, view, lane, detail);
    }
    let hints = " space pause  s step  +/- speed  tab strategy  ? help  q quit";
    frame.render_widget(Paragraph::new(hints).dim(), keys);
    if view.help {
        help::draw(frame, area);
    }
}

fn heading(view: &View) -> Line<'_> {
    let state = match (view.is_over(), view.paused, view.lags) {
        (true, ..) => "over".green(),
        (_, true, _) => "paused".yellow(),
        (.., true) => "as fast as it can".yellow(),
        _ => "runs".green(),
    };
    let time = format!("  {} of {}  ", clock(view.elapsed), clock(view.duration));
    let speed = format!("x{}  ", speed(view.speed));
    Line::from(vec![
        Span::from(format!(" {}", view.scenario)).bold(),
        Span::from(time),
        Span::from(speed),
        state.bold(),
    ])
}

/// A factor in as many digits as it needs.
fn speed(factor: f64) -> String {
    if factor >= 10.0 {
        format!("{factor:.0}")
    } else {
        let text = format!("{factor:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

fn strategies(frame: &mut Frame<'_>, view: &View, area: Rect) {
    let wide = area.width >= WIDE;
    let mut headings = vec![
        "strategy", "wait", "calls", "done", "of best", "429s", "given up", "left",
    ];
    let mut widths = vec![
        Constraint::Min(16),
        Constraint::Length(6),
        Constraint::Length(6),
        Constraint::Length(6),
        Constraint::Length(7),
        Constraint::Length(6),
        Constraint::Length(8),
        Constraint::Length(BAR),
    ];
    if wide {
        headings.push("throughput");
        widths.push(Constraint::Length(30));
    }
    let right = |text: String| Cell::from(Line::from(text).alignment(Alignment::Right));
    let rows = view.lanes.iter().map(|lane| {
        let mut cells = vec![
            Cell::from(lane.name.as_str()),
            right(number(lane.waiting)),
            right(number(lane.in_flight)),
            right(number(lane.completed)),
            right(share(lane.completed, view.possible)),
            right(number(lane.refused)).style(alarm(lane.refused > 0)),
            right(number(lane.given_up)).style(alarm(lane.given_up > 0)),
            least_left(&lane.gauges),
        ];
        if wide {
            cells.push(Cell::from(bars(&lane.throughput, 30)).style(Color::Cyan));
        }
        Row::new(cells)
    });
    let heads = headings.into_iter().enumerate().map(|(index, text)| {
        let numbers = (1..=6).contains(&index);
        let alignment = if numbers {
            Alignment::Right
        } else {
            Alignment::Left
        };
        Cell::from(Line::from(text).alignment(alignment))
    });
    let best = count_u64(view.possible);
    let title = format!(" strategies; the best that is possible in all: {best} requests ");
    let table = Table::new(rows, widths)
        .header(Row::new(heads).style(Modifier::BOLD))
        .row_highlight_style(Modifier::REVERSED)
        .block(Block::bordered().title(title));
    let mut state = TableState::new().with_selected(view.selected);
    frame.render_stateful_widget(table, area, &mut state);
}

fn details(frame: &mut Frame<'_>, view: &View, lane: &Lane, area: Rect) {
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(55), Constraint::Percentage(45)]).areas(area);
    let mut title = vec![Span::from(format!(" {} ", lane.name)).bold()];
    if let Some(span) = lane.gate {
        let text = format!("gate closed for {} ", seconds(span.as_secs_f64()));
        title.push(Span::from(text).red());
    }
    let block = Block::bordered().title(Line::from(title));
    let inside = block.inner(left);
    frame.render_widget(block, left);
    let gauges = u16::try_from(lane.gauges.len()).unwrap_or(u16::MAX);
    let [counts, limits, chart] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(gauges.min(inside.height.saturating_sub(4))),
        Constraint::Min(0),
    ])
    .areas(inside);
    frame.render_widget(Paragraph::new(numbers(lane)), counts);
    let rows = Layout::vertical(vec![Constraint::Length(1); limits.height.into()]).split(limits);
    let width = lane.gauges.iter().map(|it| label(it).chars().count()).max();
    for (gauge, row) in lane.gauges.iter().zip(rows.iter()) {
        frame.render_widget(bar(gauge, width.unwrap_or(0)), *row);
    }
    throughput(frame, view, lane, chart);

    let title = " latest refusals ";
    let lines: Vec<Line<'_>> = lane
        .refusals
        .iter()
        .map(|it| Line::from(it.as_str()))
        .collect();
    let block = Block::bordered().title(title);
    if lines.is_empty() {
        frame.render_widget(Paragraph::new("none").dim().block(block), right);
    } else {
        frame.render_widget(List::new(lines).block(block), right);
    }
}

fn numbers(lane: &Lane) -> String {
    format!(
        "arrived {}  waiting {}  in flight {}",
        count_u64(lane.arrived),
        count_u64(lane.waiting),
        count_u64(lane.in_flight),
    )
}

fn label(gauge: &Gauge) -> String {
    format!("{}: {}", gauge.label, count_u64(gauge.left))
}

fn bar(gauge: &Gauge, width: usize) -> LineGauge<'static> {
    let text = label(gauge);
    LineGauge::default()
        .ratio(gauge.ratio())
        .label(format!("{text:<width$}"))
        .filled_symbol(FULL)
        .unfilled_symbol(EMPTY)
        .style(level(gauge.ratio()))
}

fn throughput(frame: &mut Frame<'_>, view: &View, lane: &Lane, area: Rect) {
    let title = format!("done per {}", short_seconds(view.bin.as_secs_f64()));
    let block = Block::new().borders(Borders::TOP).title(title);
    let shown = usize::from(area.width).min(lane.throughput.len());
    let last = &lane.throughput[lane.throughput.len() - shown..];
    let chart = Sparkline::default().data(last).style(Color::Cyan);
    frame.render_widget(chart.block(block), area);
}

/// The limit of which the least is left, as a bar.
fn least_left(gauges: &[Gauge]) -> Cell<'static> {
    let ratios = gauges.iter().map(Gauge::ratio);
    let Some(least) = ratios.reduce(f64::min) else {
        return Cell::from("no limit").style(Modifier::DIM);
    };
    Cell::from(filled(least, BAR)).style(level(least))
}

/// A bar of this width, of which a part is filled.
fn filled(part: f64, width: u16) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the width"
    )]
    let full = ((part * f64::from(width)).ceil() as usize).min(width.into());
    format!(
        "{}{}",
        FULL.repeat(full),
        EMPTY.repeat(usize::from(width) - full)
    )
}

/// A count in at most six characters, up to billions.
fn number(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown to people")]
    match count {
        0..100_000 => count_u64(count),
        _ => short_count(count as f64),
    }
}

fn level(ratio: f64) -> Style {
    Style::new().fg(match ratio {
        _ if ratio < 0.1 => Color::Red,
        _ if ratio < 0.3 => Color::Yellow,
        _ => Color::Green,
    })
}

fn alarm(on: bool) -> Style {
    if on {
        Style::new().fg(Color::Red)
    } else {
        Style::new()
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown to people")]
fn share(part: u64, of: u64) -> String {
    match of {
        0 => "-".to_owned(),
        _ => percent(part as f64 / of as f64),
    }
}

/// The last numbers as bars of eight heights.
fn bars(numbers: &[u64], width: usize) -> String {
    const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let last = &numbers[numbers.len().saturating_sub(width)..];
    let most = u128::from(last.iter().copied().max().unwrap_or(0).max(1));
    let eighths = |number: u64| (u128::from(number) * 8).div_ceil(most);
    let height = |&number: &u64| usize::try_from(eighths(number)).unwrap_or(8);
    last.iter().map(|number| BARS[height(number)]).collect()
}
