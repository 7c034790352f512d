use std::ops::Range;

use plotters::{coord::Shift, prelude::*};

use super::canvas::{Drawing, GRID, MUTED, Picture, explain, render, shortened, text};
use crate::{
    fit::{Goodness, Quantiles},
    report::format::{count, short_count, short_seconds, time_unit},
};

const TRACE: RGBColor = RGBColor(0, 114, 178);
const FIT: RGBColor = RGBColor(213, 94, 0);
const SIZE: (u32, u32) = (1_560, 1_020);
const HEAD: u32 = 92;

/// A trace beside the workload that was fitted to it: quantiles against quantiles, the dispersion of counts,
/// and the rate over time.
///
/// # Errors
///
/// Fails if the backend cannot draw.
pub fn fit_plot(goodness: &Goodness, picture: Picture) -> anyhow::Result<Vec<u8>> {
    render(&FitPlot { goodness }, picture)
}

struct FitPlot<'a> {
    goodness: &'a Goodness,
}

impl Drawing for FitPlot<'_> {
    fn size(&self) -> (u32, u32) {
        SIZE
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), String> {
        area.fill(&WHITE).map_err(explain)?;
        let (head, body) = area.split_vertically(HEAD);
        self.draw_head(&head)?;
        let panels = body.split_evenly((2, 3));
        let [gaps, input, output, counts] = &self.goodness.quantiles;
        draw_quantiles(&panels[0], gaps)?;
        draw_quantiles(&panels[1], counts)?;
        self.draw_dispersion(&panels[2])?;
        draw_quantiles(&panels[3], input)?;
        draw_quantiles(&panels[4], output)?;
        self.draw_rates(&panels[5])
    }
}

/// A panel's room below its title.
fn titled<B: DrawingBackend>(
    panel: &DrawingArea<B, Shift>,
    title: &str,
) -> Result<DrawingArea<B, Shift>, String> {
    let (head, body) = panel.split_vertically(34);
    head.draw_text(title, &text(17, BLACK), (74, 10))
        .map_err(explain)?;
    Ok(body)
}

/// Quantiles of the trace against those of the workload: on the diagonal, they agree.
fn draw_quantiles<B: DrawingBackend>(
    panel: &DrawingArea<B, Shift>,
    quantiles: &Quantiles,
) -> Result<(), String> {
    let title = format!("{}, KS distance {:.3}", quantiles.title, quantiles.distance);
    let body = titled(panel, &title)?;
    let all = || quantiles.pairs.iter().flat_map(|pair| [pair.0, pair.1]);
    // Zero has no place on a logarithmic scale.
    let least = all()
        .filter(|number| *number > 0.0)
        .fold(f64::INFINITY, f64::min);
    let most = all().fold(0.0, f64::max);
    let (least, most) = if least <= most {
        (least, most)
    } else {
        (0.1, 1.0)
    };
    // Gaps reach down to nothing; what is a millionth of the largest does not matter.
    let least = least.max(most * 1e-6) / 1.3;
    let most = (most * 1.3).max(least * 3.0);
    let range = || (least..most).log_scale();
    let mut chart = ChartBuilder::on(&body)
        .margin_left(14)
        .margin_right(20)
        .margin_bottom(10)
        .x_label_area_size(46)
        .y_label_area_size(72)
        .build_cartesian_2d(range(), range())
        .map_err(explain)?;
    let label = |number: &f64| match quantiles.unit {
        "s" => short_seconds(*number),
        _ => short(*number),
    };
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .x_labels(6)
        .y_labels(7)
        .x_desc("quantile of the trace")
        .y_desc("quantile of the workload")
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .axis_desc_style(text(14, MUTED))
        .label_style(text(13, MUTED))
        .draw()
        .map_err(explain)?;
    let diagonal = PathElement::new([(least, least), (most, most)], MUTED.stroke_width(1));
    chart.draw_series([diagonal]).map_err(explain)?;
    let points = quantiles
        .pairs
        .iter()
        .map(|&(trace, fit)| (trace.max(least), fit.max(least)));
    let points = points.map(|point| Circle::new(point, 3, FIT.mix(0.75).filled()));
    chart.draw_series(points).map_err(explain)?;
    Ok(())
}

impl FitPlot<'_> {
    fn draw_head<B: DrawingBackend>(&self, head: &DrawingArea<B, Shift>) -> Result<(), String> {
        let Goodness { name, summary, .. } = self.goodness;
        let title = format!("{} and the workload fitted to it", shortened(name, 60));
        head.draw_text(&title, &text(26, BLACK), (20, 14))
            .map_err(explain)?;
        let mut x = 20;
        let fit = format!("workload: {summary}; on the diagonal, it agrees with the trace");
        for (label, colour) in [("trace", TRACE), (&fit, FIT)] {
            let mark = Rectangle::new([(x, 61), (x + 22, 67)], colour.filled());
            head.draw(&mark).map_err(explain)?;
            head.draw_text(label, &text(16, MUTED), (x + 30, 55))
                .map_err(explain)?;
            x += 62 + i32::try_from(label.chars().count() * 8).unwrap_or(0);
        }
        Ok(())
    }

    fn draw_dispersion<B: DrawingBackend>(
        &self,
        panel: &DrawingArea<B, Shift>,
    ) -> Result<(), String> {
        let body = titled(panel, "dispersion of counts (Poisson: 1)")?;
        let points = &self.goodness.dispersion;
        let all = || points.iter().flat_map(|point| [point.1, point.2]);
        let least = all().fold(1.0, f64::min).max(1e-3);
        let most = all().fold(1.0, f64::max);
        let widths = points.iter().map(|point| point.0);
        let (from, to) = widths.fold((1.0_f64, 10.0_f64), |(a, b), s| (a.min(s), b.max(s)));
        let mut chart = ChartBuilder::on(&body)
            .margin_left(14)
            .margin_right(20)
            .margin_bottom(10)
            .x_label_area_size(46)
            .y_label_area_size(72)
            .build_cartesian_2d(
                (from / 1.3..to * 1.3).log_scale(),
                (least / 1.5..most * 1.5).log_scale(),
            )
            .map_err(explain)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .x_labels(6)
            .y_labels(7)
            .x_desc("window")
            .y_desc("variance of counts by their mean")
            .x_label_formatter(&|s| short_seconds(*s))
            .y_label_formatter(&|number| short(*number))
            .axis_desc_style(text(14, MUTED))
            .label_style(text(13, MUTED))
            .draw()
            .map_err(explain)?;
        let poisson = PathElement::new([(from / 1.3, 1.0), (to * 1.3, 1.0)], MUTED.stroke_width(1));
        chart.draw_series([poisson]).map_err(explain)?;
        for (colour, of) in [
            (TRACE, (|point| point.1) as fn(&(f64, f64, f64)) -> f64),
            (FIT, |point| point.2),
        ] {
            let line = points.iter().map(|point| (point.0, of(point).max(least)));
            let dots = line.clone().map(|at| Circle::new(at, 4, colour.filled()));
            chart.draw_series(dots).map_err(explain)?;
            chart
                .draw_series(LineSeries::new(line, colour.stroke_width(2)))
                .map_err(explain)?;
        }
        Ok(())
    }

    fn draw_rates<B: DrawingBackend>(&self, panel: &DrawingArea<B, Shift>) -> Result<(), String> {
        let body = titled(panel, "requests a minute, and one draw of the workload")?;
        let (unit_s, unit) = time_unit(self.goodness.span_s);
        let end = self.goodness.span_s / unit_s;
        let most = self
            .goodness
            .rates
            .iter()
            .flatten()
            .copied()
            .fold(1.0, f64::max);
        let across: Range<f64> = 0.0..end.max(1e-9);
        let mut chart = ChartBuilder::on(&body)
            .margin_left(14)
            .margin_right(20)
            .margin_bottom(10)
            .x_label_area_size(46)
            .y_label_area_size(72)
            .build_cartesian_2d(across, 0.0..most * 1.1)
            .map_err(explain)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .x_labels(7)
            .y_labels(7)
            .x_desc(format!("time since the start, in {unit}"))
            .x_label_formatter(&|value| count(*value))
            .y_label_formatter(&|value| short(*value))
            .axis_desc_style(text(14, MUTED))
            .label_style(text(13, MUTED))
            .draw()
            .map_err(explain)?;
        for (colour, rates) in [
            (FIT, &self.goodness.rates[1]),
            (TRACE, &self.goodness.rates[0]),
        ] {
            let bins = u32::try_from(rates.len()).unwrap_or(1).max(1);
            let step = end / f64::from(bins);
            let steps = rates.iter().zip(0_u32..).flat_map(|(rate, bin)| {
                let begin = f64::from(bin) * step;
                [(begin, *rate), (begin + step, *rate)]
            });
            chart
                .draw_series(LineSeries::new(steps, colour.mix(0.8).stroke_width(2)))
                .map_err(explain)?;
        }
        Ok(())
    }
}

/// A number of any size in few digits.
fn short(number: f64) -> String {
    match number {
        _ if number >= 1_000.0 => {
            let text = short_count(number);
            let (number, unit) = text.split_once(' ').unwrap_or((&text, ""));
            format!("{} {unit}", whole(number))
        }
        _ if number >= 10.0 || number == 0.0 => format!("{number:.0}"),
        _ => {
            let text = format!("{number:.3}");
            whole(&text).to_owned()
        }
    }
}

/// A number without idle zeros behind its point.
fn whole(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}
