use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

/// A table of so many columns, for a terminal and for a page of Markdown.
pub(super) struct Grid<const N: usize> {
    pub(super) header: [&'static str; N],
    /// The columns with text; all others have numbers.
    pub(super) text: &'static [usize],
}

impl<const N: usize> Grid<N> {
    /// A line per row, in columns.
    pub(super) fn lines(&self, rows: impl Iterator<Item = [String; N]>) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(self.header);
        for row in rows {
            table.add_row(row);
        }
        for (place, column) in table.column_iter_mut().enumerate() {
            if !self.text.contains(&place) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            column.set_padding((0, 2));
        }
        let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
        lines.collect()
    }

    /// The same in Markdown.
    pub(super) fn markdown(&self, rows: impl Iterator<Item = [String; N]>) -> String {
        let rules = (0..N).map(|place| match self.text.contains(&place) {
            true => "---",
            false => "---:",
        });
        let head = [
            self.header.join(" | "),
            rules.collect::<Vec<_>>().join(" | "),
        ];
        let rows = rows.map(|row| row.map(|cell| cell.replace('|', "\\|")).join(" | "));
        let mut text = String::new();
        for line in head.into_iter().chain(rows) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {line} |");
        }
        text
    }
}
