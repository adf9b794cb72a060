//! Tables for people: aligned columns, without borders.

use crate::failure::Failure;
use crate::output::Output;

/// Table that is printed in pages, whose columns stay aligned if their values fit into the widths.
pub(super) struct Table<const N: usize> {
    /// Name and least width of each column.
    columns: [(&'static str, usize); N],
    has_header: bool,
}

impl<const N: usize> Table<N> {
    pub(super) fn new(columns: [(&'static str, usize); N]) -> Self {
        Self { columns, has_header: false }
    }

    /// Prints rows, below the header if they are the first ones.
    pub(super) fn print(
        &mut self,
        output: &mut Output,
        rows: &[[String; N]],
    ) -> Result<(), Failure> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut widths = self.columns.map(|(name, least)| least.max(name.len()));
        for row in rows {
            for (width, value) in widths.iter_mut().zip(row) {
                *width = value.chars().count().max(*width);
            }
        }
        if !std::mem::replace(&mut self.has_header, true) {
            output.text(&line(&self.columns.map(|(name, _)| name.to_owned()), &widths))?;
        }
        rows.iter().try_for_each(|row| output.text(&line(row, &widths)))
    }
}

fn line<const N: usize>(row: &[String; N], widths: &[usize; N]) -> String {
    let cells = row.iter().zip(widths).map(|(value, width)| {
        // One line and one cell each, whatever the value contains.
        let value = if value.is_empty() { "-" } else { value };
        format!("{:<width$}", value.replace(char::is_whitespace, " "))
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// Prints names and values in two columns. Absent values are omitted.
pub(super) fn pairs(output: &mut Output, pairs: &[(&str, Option<String>)]) -> Result<(), Failure> {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in pairs {
        if let Some(value) = value {
            let value = value.replace(char::is_whitespace, " ");
            output.text(&format!("{name:<width$}  {value}"))?;
        }
    }
    Ok(())
}
