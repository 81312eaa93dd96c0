//! Aligned columns within the width of a terminal.

use std::io;

use super::screen::Screen;
use super::text::clip;

/// How wide a table gets.
const WIDTH: usize = 100;
/// A column is not cut below this.
const MIN_CUT: usize = 8;

/// How a column is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Never cut.
    Whole(&'static str),
    /// Never cut, in the colour of its words.
    Status(&'static str),
    /// Cut when the table is too wide, the widest first.
    Cut(&'static str),
}

impl Column {
    fn head(self) -> &'static str {
        match self {
            Column::Whole(head) | Column::Status(head) | Column::Cut(head) => head,
        }
    }
}

/// Writes rows under a line of heads. Each row has as many cells as there are columns, all safe to show.
pub fn write<const N: usize>(
    screen: &mut Screen<'_>,
    columns: [Column; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let widths = widths(columns, rows);
    let heads = columns.map(|column| column.head().to_owned());
    for (at, row) in std::iter::once(&heads).chain(rows).enumerate() {
        let mut line = String::new();
        for ((cell, width), column) in row.iter().zip(widths).zip(columns) {
            let padded = format!("{:width$} ", clip(cell, width));
            let painted = matches!(column, Column::Status(_)) && at > 0;
            line.push_str(&if painted { screen.paint(cell, &padded) } else { padded });
        }
        screen.line(&line)?;
    }
    Ok(())
}

fn widths<const N: usize>(columns: [Column; N], rows: &[[String; N]]) -> [usize; N] {
    let mut widths = columns.map(|column| column.head().len());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let gaps = N.saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > WIDTH {
        let cuttable = widths.iter_mut().zip(columns).filter(|(_, column)| matches!(column, Column::Cut(_)));
        match cuttable.map(|(width, _)| width).max() {
            Some(widest) if *widest > MIN_CUT => *widest -= 1,
            _ => break,
        }
    }
    widths
}
