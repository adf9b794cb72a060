//! A table of results, as Markdown and JSON.

use serde::Serialize;
use serde_json::{Map, Value};

/// Columns, and rows of a name and figures.
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<(String, Vec<Option<f64>>)>,
}

/// Name of a column, and the number of decimals of its figures.
type Column = (&'static str, usize);

impl Table {
    pub(super) fn new(first: &'static str, columns: &[Column]) -> Self {
        let columns = [(first, 0)].iter().chain(columns).copied().collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row with a figure for each column after the first.
    pub(super) fn row<const N: usize>(
        &mut self,
        name: impl Into<String>,
        figures: [Option<f64>; N],
    ) {
        self.rows.push((name.into(), figures.to_vec()));
    }

    pub(super) fn markdown(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.0).collect();
        let mut text = format!("\n| {} |\n|{}\n", names.join(" | "), "---|".repeat(names.len()));
        for (name, figures) in &self.rows {
            text.push_str(&format!("| {name} |"));
            for (figure, column) in figures.iter().zip(self.columns.iter().skip(1)) {
                let figure =
                    figure.map_or("-".to_owned(), |figure| format!("{figure:.0$}", column.1));
                text.push_str(&format!(" {figure} |"));
            }
            text.push('\n');
        }
        text
    }
}

impl Serialize for Table {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|(name, figures)| {
            let names = self.columns.iter().map(|column| column.0.to_owned());
            let values = [Value::from(name.as_str())].into_iter();
            let values = values.chain(figures.iter().map(|figure| Value::from(*figure)));
            Value::Object(names.zip(values).collect::<Map<_, _>>())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_markdown_and_json() {
        let mut table = Table::new("name", &[("s", 1), ("ratio", 2)]);
        table.row("one", [Some(1.25), None]);
        assert_eq!(table.markdown(), "\n| name | s | ratio |\n|---|---|---|\n| one | 1.2 | - |\n");
        let json = serde_json::to_value(&table).unwrap();
        assert_eq!(json, serde_json::json!([{ "name": "one", "s": 1.25, "ratio": null }]));
    }
}
