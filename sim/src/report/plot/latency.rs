use plotters::{coord::Shift, prelude::*};

use super::canvas::{COLOURS, Drawing, GRID, MUTED, Picture, explain, render, shortened, text};
use crate::{
    report::format::short_seconds,
    results::{Comparison, Summary},
};

/// How slow requests were: for each share of those that succeeded, the latency that they did not
/// exceed, on a logarithmic scale. Of more than one run, bars span the intervals around the mean quantiles.
///
/// # Errors
///
/// Fails if the backend cannot draw.
pub fn latency_plot(comparison: &Comparison, picture: Picture) -> anyhow::Result<Vec<u8>> {
    render(&LatencyPlot { comparison }, picture)
}

struct LatencyPlot<'a> {
    comparison: &'a Comparison,
}

impl LatencyPlot<'_> {
    /// The fastest and the slowest request, with some room.
    fn range(&self) -> (f64, f64) {
        let all = || {
            let curves = self.comparison.strategies.iter();
            curves.flat_map(|strategy| strategy.latency.curve.iter().map(|&(_, s)| s.max(1e-6)))
        };
        let least = all().fold(f64::INFINITY, f64::min);
        let most = all().fold(0.0, f64::max);
        if least > most {
            return (0.1, 10.0);
        }
        (least * 0.8, (most * 1.25).max(least * 10.0))
    }

    fn legend_height(&self) -> u32 {
        let rows = self.comparison.strategies.len().div_ceil(2);
        u32::try_from(rows).unwrap_or(u32::MAX).saturating_mul(24)
    }
}

impl Drawing for LatencyPlot<'_> {
    fn size(&self) -> (u32, u32) {
        (1_200, self.legend_height().saturating_add(640).min(10_000))
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), String> {
        area.fill(&WHITE).map_err(explain)?;
        let (head, body) = area.split_vertically(64 + self.legend_height());
        self.draw_head(&head)?;

        let (least, most) = self.range();
        let mut chart = ChartBuilder::on(&body)
            .margin_left(18)
            .margin_right(24)
            .margin_bottom(8)
            .x_label_area_size(48)
            .y_label_area_size(96)
            .build_cartesian_2d(0.0..100.0, (least..most).log_scale())
            .map_err(explain)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .x_labels(11)
            .y_labels(8)
            .x_desc("share of the successful requests, in percent")
            .y_desc("latency from arrival to success, at most")
            .x_label_formatter(&|share| format!("{share:.0}"))
            .y_label_formatter(&|latency| short_seconds(*latency))
            .axis_desc_style(text(16, MUTED))
            .label_style(text(14, MUTED))
            .draw()
            .map_err(explain)?;
        for (index, strategy) in self.comparison.strategies.iter().enumerate() {
            let curve = strategy.latency.curve.iter();
            let points = curve.map(|&(share, s)| (share * 100.0, s.max(1e-6)));
            let stroke = COLOURS[index % COLOURS.len()].stroke_width(2);
            if index < COLOURS.len() {
                chart
                    .draw_series(LineSeries::new(points, stroke))
                    .map_err(explain)?;
            } else {
                let dashes = DashedLineSeries::new(points, 8, 5, stroke);
                chart.draw_series(dashes).map_err(explain)?;
            }
            let bars = intervals(strategy, index).map(|(x, low, high)| {
                let ends = [low, high].map(|latency| (x, latency.clamp(least, most)));
                PathElement::new(ends, COLOURS[index % COLOURS.len()].stroke_width(5))
            });
            chart.draw_series(bars).map_err(explain)?;
        }
        Ok(())
    }
}

/// Where the intervals of a strategy's quantiles are drawn, and what they span; beside each other.
fn intervals(strategy: &Summary, index: usize) -> impl Iterator<Item = (f64, f64, f64)> {
    let beside = f64::from(u32::try_from(index % COLOURS.len()).unwrap_or(0)) * 0.12;
    let (latency, ci95) = (&strategy.latency, &strategy.ci95);
    let quantiles = [
        (50.0, latency.p50_s, ci95.latency_p50_s),
        (95.0, latency.p95_s, ci95.latency_p95_s),
        (99.0, latency.p99_s, ci95.latency_p99_s),
    ];
    let spans = quantiles.into_iter();
    spans.filter_map(move |(share, mean, half)| {
        let (mean, half) = (mean?, half?);
        Some((share + beside, mean - half, mean + half))
    })
}

impl LatencyPlot<'_> {
    fn draw_head<B: DrawingBackend>(&self, head: &DrawingArea<B, Shift>) -> Result<(), String> {
        let name = shortened(&self.comparison.scenario, 60);
        let title = format!("{name}: latency of successful requests");
        head.draw_text(&title, &text(26, BLACK), (20, 14))
            .map_err(explain)?;
        for (index, strategy) in self.comparison.strategies.iter().enumerate() {
            let column = i32::try_from(index % 2).unwrap_or(0);
            let row = i32::try_from(index / 2).unwrap_or(0);
            let (x, y) = (20 + column * 590, 66 + row * 24);
            let colour = COLOURS[index % COLOURS.len()];
            let dashed = index >= COLOURS.len();
            for part in 0..if dashed { 3 } else { 1 } {
                let (begin, end) = if dashed {
                    (part * 12, part * 12 + 7)
                } else {
                    (0, 31)
                };
                let mark = Rectangle::new([(x + begin, y - 2), (x + end, y + 1)], colour.filled());
                head.draw(&mark).map_err(explain)?;
            }
            let none = if strategy.latency.curve.is_empty() {
                " (none succeeded)"
            } else {
                ""
            };
            let label = format!("{}{none}", shortened(&strategy.name, 56));
            head.draw_text(&label, &text(15, MUTED), (x + 42, y - 9))
                .map_err(explain)?;
        }
        Ok(())
    }
}
