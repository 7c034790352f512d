use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::summary::mean_shown;
use crate::{
    report::plot::canvas::{Drawing, MUTED, Picture, explain, render, shortened, text},
    sweep::{Figure, Merged},
};

/// A figure over two varied values: a panel of coloured cells for each strategy, all on one scale.
///
/// # Errors
///
/// Fails if the backend cannot draw.
pub(super) fn heat_map(
    sweep: &Merged,
    figure: Figure,
    picture: Picture,
) -> anyhow::Result<Vec<u8>> {
    render(&HeatMap { sweep, figure }, picture)
}

struct HeatMap<'a> {
    sweep: &'a Merged,
    figure: Figure,
}

const HEAD: u32 = 116;
const LEFT: i32 = 110;
const PANEL_HEAD: i32 = 34;
const PANEL_FOOT: i32 = 42;
const MARGIN: i32 = 24;

impl HeatMap<'_> {
    /// The number of columns and rows of cells.
    fn cells(&self) -> (usize, usize) {
        let dimensions = &self.sweep.head.dimensions;
        (dimensions[1].1.len(), dimensions[0].1.len())
    }

    fn strategies(&self) -> usize {
        self.sweep
            .outcomes
            .first()
            .map_or(0, |outcome| outcome.rows.len())
    }

    fn panel_columns(&self) -> usize {
        if self.strategies() > 1 { 2 } else { 1 }
    }

    /// Width and height of a cell.
    fn cell(&self) -> (i32, i32) {
        let (columns, rows) = self.cells();
        let fit = |room: usize, count: usize| i32::try_from(room / count.max(1)).unwrap_or(1);
        (fit(560, columns).clamp(2, 90), fit(420, rows).clamp(2, 44))
    }

    fn panel(&self) -> (i32, i32) {
        let ((columns, rows), (width, height)) = (self.cells(), self.cell());
        let of =
            |cell: i32, count: usize| cell.saturating_mul(i32::try_from(count).unwrap_or(i32::MAX));
        (
            (LEFT + of(width, columns) + MARGIN).max(420),
            PANEL_HEAD + of(height, rows) + PANEL_FOOT,
        )
    }

    fn value(&self, strategy: usize, column: usize, row: usize) -> Option<f64> {
        let (columns, _) = self.cells();
        let outcome = self.sweep.outcomes.get(row * columns + column)?;
        Some(outcome.rows.get(strategy)?.figure(self.figure)?.mean)
    }

    /// The least and the largest value of all panels.
    fn range(&self) -> (f64, f64) {
        let rows = self.sweep.outcomes.iter().flat_map(|outcome| &outcome.rows);
        let values = rows.filter_map(|row| Some(row.figure(self.figure)?.mean));
        values.fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(least, most), value| (least.min(value), most.max(value)),
        )
    }
}

impl Drawing for HeatMap<'_> {
    fn size(&self) -> (u32, u32) {
        let (width, height) = self.panel();
        let columns = self.panel_columns();
        let pixels = |length: i32, count: usize| {
            let length = u32::try_from(length).unwrap_or_default();
            length.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
        };
        let rows = self.strategies().div_ceil(columns);
        (
            pixels(width, columns).max(760),
            HEAD.saturating_add(pixels(height, rows)).min(20_000),
        )
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), String> {
        area.fill(&WHITE).map_err(explain)?;
        self.draw_head(area)?;
        let (width, height) = self.panel();
        let (_, body) = area.split_vertically(HEAD);
        for strategy in 0..self.strategies() {
            let place = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
            let x = width.saturating_mul(place(strategy % self.panel_columns()));
            let y = height.saturating_mul(place(strategy / self.panel_columns()));
            self.draw_panel(&body, strategy, (x, y))?;
        }
        Ok(())
    }
}

impl HeatMap<'_> {
    /// The title, and what the colours mean.
    fn draw_head<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), String> {
        let name = shortened(&self.sweep.head.scenario, 40);
        let title = format!("{name}: {}", self.figure.name());
        area.draw_text(&title, &text(26, BLACK), (20, 14))
            .map_err(explain)?;
        let [down, across] = [0, 1].map(|axis| short_key(&self.sweep.head.dimensions[axis].0));
        let axes = format!("down: {down}     across: {across}");
        area.draw_text(&axes, &text(14, MUTED), (22, 88))
            .map_err(explain)?;
        let (least, most) = self.range();
        if least > most {
            return Ok(());
        }
        let style = text(14, MUTED);
        let left = text(14, MUTED).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw_text(&mean_shown(self.figure, least), &left, (LEFT - 8, 66))
            .map_err(explain)?;
        for step in 0..=200 {
            let colour = ViridisRGB.get_color(f64::from(step) / 200.0);
            let bar = Rectangle::new([(LEFT + step, 58), (LEFT + step + 1, 74)], colour.filled());
            area.draw(&bar).map_err(explain)?;
        }
        let right = style.pos(Pos::new(HPos::Left, VPos::Center));
        area.draw_text(&mean_shown(self.figure, most), &right, (LEFT + 209, 66))
            .map_err(explain)
    }

    fn draw_panel<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        strategy: usize,
        (x, y): (i32, i32),
    ) -> Result<(), String> {
        let head = &self.sweep.head;
        let name = self
            .sweep
            .outcomes
            .first()
            .map_or("", |it| it.rows[strategy].strategy.as_str());
        area.draw_text(&shortened(name, 44), &text(17, BLACK), (x + LEFT, y + 8))
            .map_err(explain)?;
        let ((columns, rows), (width, height)) = (self.cells(), self.cell());
        let (top, left) = (y + PANEL_HEAD, x + LEFT);
        let (least, most) = self.range();
        let at =
            |start: i32, index: usize, step: i32| start + step * i32::try_from(index).unwrap_or(0);
        for row in 0..rows {
            for column in 0..columns {
                let corner = (at(left, column, width), at(top, row, height));
                let Some(value) = self.value(strategy, column, row) else {
                    continue;
                };
                let share = if most > least {
                    (value - least) / (most - least)
                } else {
                    0.5
                };
                let colour = ViridisRGB.get_color(share);
                let end = (corner.0 + width - 1, corner.1 + height - 1);
                area.draw(&Rectangle::new([corner, end], colour.filled()))
                    .map_err(explain)?;
                if width >= 54 && height >= 20 {
                    let ink = if share > 0.55 { BLACK } else { WHITE };
                    let middle = text(13, ink).pos(Pos::new(HPos::Center, VPos::Center));
                    let shown = mean_shown(self.figure, value);
                    area.draw_text(
                        &shown,
                        &middle,
                        (corner.0 + width / 2, corner.1 + height / 2),
                    )
                    .map_err(explain)?;
                }
            }
        }
        let (down, across) = (&head.dimensions[0], &head.dimensions[1]);
        let side = text(13, MUTED).pos(Pos::new(HPos::Right, VPos::Center));
        for row in (0..rows).step_by(every(height, 18)) {
            let place = (left - 8, at(top, row, height) + height / 2);
            area.draw_text(&shortened(&down.1[row], 12), &side, place)
                .map_err(explain)?;
        }
        let below = text(13, MUTED).pos(Pos::new(HPos::Center, VPos::Top));
        let bottom = at(top, rows, height) + 6;
        for column in (0..columns).step_by(every(width, 64)) {
            let place = (at(left, column, width) + width / 2, bottom);
            area.draw_text(&shortened(&across.1[column], 9), &below, place)
                .map_err(explain)?;
        }
        Ok(())
    }
}

/// Labels every so many cells, so that none overlap.
fn every(cell: i32, label: i32) -> usize {
    usize::try_from((label / cell.max(1)).max(0) + i32::from(label % cell.max(1) > 0))
        .unwrap_or(1)
        .max(1)
}

/// The end of a long key, which says most.
fn short_key(key: &str) -> String {
    let all: Vec<char> = key.chars().collect();
    match all.len().checked_sub(34) {
        None | Some(0) => key.to_owned(),
        Some(cut) => format!("…{}", all[cut + 1..].iter().collect::<String>()),
    }
}
