use plotters::{coord::Shift, prelude::*};

use super::summary::mean_shown;
use crate::{
    report::plot::canvas::{
        COLOURS, Drawing, GRID, MUTED, Picture, explain, render, shortened, text,
    },
    statistics::Estimate,
    sweep::{Figure, Merged},
};

/// A figure over one varied value: a line for each strategy, with its intervals.
///
/// # Errors
///
/// Fails if the backend cannot draw.
pub(super) fn lines(sweep: &Merged, figure: Figure, picture: Picture) -> anyhow::Result<Vec<u8>> {
    render(&Lines { sweep, figure }, picture)
}

struct Lines<'a> {
    sweep: &'a Merged,
    figure: Figure,
}

impl Lines<'_> {
    fn names(&self) -> impl Iterator<Item = &str> {
        let first = self.sweep.outcomes.first();
        first
            .into_iter()
            .flat_map(|it| it.rows.iter().map(|row| row.strategy.as_str()))
    }

    /// The place of each value on the axis, and its estimate.
    fn points(&self, strategy: usize) -> impl Iterator<Item = (f64, Estimate)> {
        let outcomes = (0_u32..).zip(&self.sweep.outcomes);
        outcomes.filter_map(move |(place, outcome)| {
            Some((
                f64::from(place),
                outcome.rows.get(strategy)?.figure(self.figure)?,
            ))
        })
    }

    /// The least and the largest value, with some room.
    fn range(&self) -> (f64, f64) {
        let all = (0..self.names().count()).flat_map(|strategy| self.points(strategy));
        let (least, most) = all.fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(least, most), (_, it)| {
                let half = it.half_width.unwrap_or(0.0);
                (least.min(it.mean - half), most.max(it.mean + half))
            },
        );
        if least > most {
            return (0.0, 1.0);
        }
        let room = ((most - least) * 0.06).max(most.abs() * 1e-3).max(1e-9);
        (least - room, most + room)
    }

    fn legend_height(&self) -> u32 {
        u32::try_from(self.names().count().div_ceil(2))
            .unwrap_or(u32::MAX)
            .saturating_mul(24)
    }
}

impl Drawing for Lines<'_> {
    fn size(&self) -> (u32, u32) {
        (1_200, self.legend_height().saturating_add(600).min(10_000))
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), String> {
        area.fill(&WHITE).map_err(explain)?;
        let (head, body) = area.split_vertically(64 + self.legend_height());
        let (key, values) = &self.sweep.head.dimensions[0];
        let title = format!(
            "{}: {}",
            shortened(&self.sweep.head.scenario, 40),
            self.figure.name()
        );
        head.draw_text(&title, &text(26, BLACK), (20, 14))
            .map_err(explain)?;
        let (least, most) = self.range();
        let last = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX)) - 1.0;
        let mut chart = ChartBuilder::on(&body)
            .margin_left(18)
            .margin_right(24)
            .margin_bottom(8)
            .x_label_area_size(48)
            .y_label_area_size(96)
            .build_cartesian_2d(-0.3..last + 0.3, least..most)
            .map_err(explain)?;
        let label = |place: &f64| {
            let whole = (place - place.round()).abs() < 1e-6 && *place > -0.5;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be a place"
            )]
            let value = whole.then(|| values.get(place.round() as usize)).flatten();
            value.map_or_else(String::new, |value| shortened(value, 14))
        };
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .x_labels(values.len().min(16))
            .y_labels(8)
            .x_desc(shortened(key, 80))
            .y_desc(self.figure.name())
            .x_label_formatter(&label)
            .y_label_formatter(&|value| mean_shown(self.figure, *value))
            .axis_desc_style(text(16, MUTED))
            .label_style(text(14, MUTED))
            .draw()
            .map_err(explain)?;
        for (index, name) in self.names().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            let places = |count: usize| i32::try_from(count).unwrap_or(0);
            let (x, y) = (20 + places(index % 2) * 590, 66 + places(index / 2) * 24);
            let mark = Rectangle::new([(x, y - 2), (x + 31, y + 1)], colour.filled());
            head.draw(&mark).map_err(explain)?;
            head.draw_text(&shortened(name, 56), &text(15, MUTED), (x + 42, y - 9))
                .map_err(explain)?;
            let line = self.points(index).map(|(x, it)| (x, it.mean));
            chart
                .draw_series(LineSeries::new(line, colour.stroke_width(2)))
                .map_err(explain)?;
            let dots = self
                .points(index)
                .map(|(x, it)| Circle::new((x, it.mean), 4, colour.filled()));
            chart.draw_series(dots).map_err(explain)?;
            let whiskers = self.points(index).filter_map(|(x, it)| {
                let half = it.half_width?;
                let ends = vec![(x, it.mean - half), (x, it.mean + half)];
                Some(PathElement::new(ends, colour.stroke_width(1)))
            });
            chart.draw_series(whiskers).map_err(explain)?;
        }
        Ok(())
    }
}
