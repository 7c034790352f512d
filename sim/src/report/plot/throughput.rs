use plotters::{coord::Shift, prelude::*};

use super::canvas::{Drawing, GRID, MUTED, Picture, explain, render, shortened, text};
use crate::{
    report::format::{count, percent, short_seconds, time_unit},
    results::{Comparison, Summary},
};

const WIDTH: u32 = 1_440;
const PANEL_HEIGHT: u32 = 210;
const HEAD: u32 = 92;
const FOOT: u32 = 34;

const ADMITTED: RGBColor = RGBColor(0, 114, 178);
const REFUSED: RGBColor = RGBColor(213, 94, 0);
const LIMIT: RGBColor = RGBColor(40, 40, 40);

/// Admitted calls above the axis and refused calls below it, over time, a panel per strategy.
///
/// All panels share their scale. It is made for what was admitted and for the limit; refused calls
/// beyond it are cut, and the panel's head says how many there were at the peak.
///
/// # Errors
///
/// Fails if the backend cannot draw.
pub fn throughput_plot(comparison: &Comparison, picture: Picture) -> anyhow::Result<Vec<u8>> {
    render(&Throughput { comparison }, picture)
}

struct Throughput<'a> {
    comparison: &'a Comparison,
}

impl Throughput<'_> {
    fn columns(&self) -> usize {
        if self.comparison.strategies.len() > 3 {
            2
        } else {
            1
        }
    }

    fn rows(&self) -> usize {
        self.comparison
            .strategies
            .len()
            .div_ceil(self.columns())
            .max(1)
    }

    /// The largest value of any bin of any strategy.
    fn peak(&self, of: fn(&Summary) -> f64) -> f64 {
        self.comparison
            .strategies
            .iter()
            .map(of)
            .fold(0.0, f64::max)
    }

    /// The largest values above and below the axis.
    fn scale(&self) -> (f64, f64) {
        let limit = self
            .comparison
            .limit_line
            .as_ref()
            .map_or(0.0, |line| line.per_bin);
        let up = self.peak(most_admitted).max(limit).max(1.0) * 1.12;
        let down = self.peak(most_refused).min(up * 0.8).max(up * 0.08) * 1.05;
        (up, down)
    }
}

fn most_admitted(strategy: &Summary) -> f64 {
    strategy
        .series
        .iter()
        .map(|bin| bin.admitted)
        .fold(0.0, f64::max)
}

fn most_refused(strategy: &Summary) -> f64 {
    strategy
        .series
        .iter()
        .map(|bin| bin.refused)
        .fold(0.0, f64::max)
}

impl Drawing for Throughput<'_> {
    fn size(&self) -> (u32, u32) {
        let rows = u32::try_from(self.rows()).unwrap_or(u32::MAX);
        let height = rows
            .saturating_mul(PANEL_HEIGHT)
            .saturating_add(HEAD + FOOT);
        // Beyond this no viewer would show it.
        (WIDTH, height.min(30_000))
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), String> {
        area.fill(&WHITE).map_err(explain)?;
        let (head, rest) = area.split_vertically(HEAD);
        let (_, height) = rest.dim_in_pixel();
        let (body, foot) = rest.split_vertically(height.saturating_sub(FOOT));
        self.draw_head(&head)?;
        let panels = body.split_evenly((self.rows(), self.columns()));
        for (panel, strategy) in panels.iter().zip(&self.comparison.strategies) {
            self.draw_panel(panel, strategy)?;
        }
        let (_, unit) = time_unit(self.comparison.duration_s);
        let label = format!("time since the start, in {unit}");
        foot.draw_text(&label, &text(15, MUTED), (WIDTH as i32 / 2 - 110, 8))
            .map_err(explain)
    }
}

impl Throughput<'_> {
    fn draw_head<B: DrawingBackend>(&self, head: &DrawingArea<B, Shift>) -> Result<(), String> {
        let Comparison {
            scenario, bin_s, ..
        } = self.comparison;
        let title = format!(
            "{}: calls per {}",
            shortened(scenario, 60),
            short_seconds(*bin_s)
        );
        head.draw_text(&title, &text(26, BLACK), (20, 14))
            .map_err(explain)?;
        let mut x = 20;
        let mut legend = |label: &str, colour: RGBColor, thick: i32| {
            let y = 64;
            let mark = Rectangle::new([(x, y - thick), (x + 22, y + thick)], colour.filled());
            head.draw(&mark).map_err(explain)?;
            head.draw_text(label, &text(16, MUTED), (x + 30, y - 10))
                .map_err(explain)?;
            x += 62 + i32::try_from(label.chars().count() * 8).unwrap_or(0);
            Ok::<_, String>(())
        };
        legend("admitted (upwards)", ADMITTED, 6)?;
        legend("refused (downwards)", REFUSED, 6)?;
        if let Some(line) = &self.comparison.limit_line {
            legend(&line.label, LIMIT, 1)?;
        }
        Ok(())
    }

    fn draw_panel<B: DrawingBackend>(
        &self,
        panel: &DrawingArea<B, Shift>,
        strategy: &Summary,
    ) -> Result<(), String> {
        let (up, down) = self.scale();
        let (unit_s, _) = time_unit(self.comparison.duration_s);
        let end = self.comparison.duration_s / unit_s;
        let step = self.comparison.bin_s / unit_s;

        let (head, body) = panel.split_vertically(28);
        head.draw_text(&shortened(&strategy.name, 46), &text(17, BLACK), (62, 7))
            .map_err(explain)?;
        let figures = figures(strategy, down);
        let (width, _) = head.dim_in_pixel();
        let right = i32::try_from(width).unwrap_or(i32::MAX) - 16;
        let style = text(14, MUTED).pos(plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Right,
            plotters::style::text_anchor::VPos::Top,
        ));
        head.draw_text(&figures, &style, (right, 9))
            .map_err(explain)?;

        let mut chart = ChartBuilder::on(&body)
            .margin_right(16)
            .x_label_area_size(22)
            .y_label_area_size(56)
            .build_cartesian_2d(0.0..end, -down..up)
            .map_err(explain)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .x_labels(9)
            .y_labels(5)
            .x_label_formatter(&|value| count(*value))
            .y_label_formatter(&|value| count(value.abs().round()))
            .label_style(text(13, MUTED))
            .draw()
            .map_err(explain)?;

        for (of, colour) in [
            (
                (|bin| bin.admitted) as fn(&crate::results::Bin) -> f64,
                ADMITTED,
            ),
            (|bin| -bin.refused, REFUSED),
        ] {
            let steps = strategy
                .series
                .iter()
                .zip(0_u32..)
                .flat_map(|(bin, index)| {
                    let height = of(bin).clamp(-down, up);
                    let begin = f64::from(index) * step;
                    [(begin, height), ((begin + step).min(end), height)]
                });
            let area = AreaSeries::new(steps, 0.0, colour.mix(0.85).filled());
            chart.draw_series(area).map_err(explain)?;
        }
        let zero = PathElement::new([(0.0, 0.0), (end, 0.0)], MUTED.stroke_width(1));
        chart.draw_series([zero]).map_err(explain)?;
        if let Some(line) = &self.comparison.limit_line {
            let height = line.per_bin;
            let dashes =
                DashedLineSeries::new([(0.0, height), (end, height)], 6, 4, LIMIT.stroke_width(1));
            chart.draw_series(dashes).map_err(explain)?;
        }
        Ok(())
    }
}

/// What a panel's head says about its strategy.
fn figures(strategy: &Summary, down: f64) -> String {
    let peak = most_refused(strategy);
    let cut = if peak > down {
        format!(", up to {} at a time", count(peak.round()))
    } else {
        String::new()
    };
    format!(
        "{} done ({}), {} refused{cut}",
        count(strategy.completed.round()),
        percent(strategy.goodput),
        count(strategy.refused.round()),
    )
}
