//! A measured figure beside its limit.

use std::io::{self, Write as _};

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

use crate::archive_to_report::Steps;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    /// Time and memory.
    Lower,
    /// Throughput.
    Higher,
}

/// One line of a benchmark's answer: what was measured, and in the same run what can't be beaten.
#[derive(Debug)]
pub(crate) struct Figure {
    /// The name of the measurement.
    pub(crate) what: String,
    /// The unit of both numbers.
    pub(crate) unit: &'static str,
    /// Which way is better.
    pub(crate) better: Better,
    /// Ours.
    pub(crate) ours: f64,
    /// The physical limit, or what we compare with.
    pub(crate) limit: f64,
    /// The name of `limit`.
    pub(crate) limit_is: &'static str,
}

impl Figure {
    /// The ratio to the limit: 1 is perfect, less than 1 is better than the comparison.
    pub(crate) fn ratio(&self) -> f64 {
        match self.better {
            Better::Lower => self.ours / self.limit,
            Better::Higher => self.limit / self.ours,
        }
    }
}

/// Prints the figures as a Markdown table, ready for `docs/performance.md`.
pub(crate) fn print(title: &str, figures: &[Figure]) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(["path", "ours", "limit", "unit", "ratio", "the limit is"]);
    for figure in figures {
        table.add_row([
            figure.what.clone(),
            significant(figure.ours),
            significant(figure.limit),
            figure.unit.to_owned(),
            format!("{:.2}", figure.ratio()),
            figure.limit_is.to_owned(),
        ]);
    }
    for column in table.column_iter_mut().skip(1).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(io::stdout(), "\n### {title}\n\n{table}")
}

/// Prints the steps of archives, a column for each archive.
pub(crate) fn print_steps(archives: &[Steps]) -> io::Result<()> {
    let mut table = Table::new();
    let sizes = archives.iter().map(|steps| format!("{}, µs", steps.size));
    table.load_style(ASCII_MARKDOWN).set_header(std::iter::once("step".to_owned()).chain(sizes));
    for (row, (step, _)) in archives[0].times.iter().enumerate() {
        let times = archives.iter().map(|steps| significant(steps.times[row].1));
        table.add_row(std::iter::once((*step).to_owned()).chain(times));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(io::stdout(), "\n{table}")
}

/// Three significant digits, or all digits before the point.
fn significant(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_is_shown_as_times_worse() {
        let figure =
            |better, ours, limit| Figure { what: String::new(), unit: "", better, ours, limit, limit_is: "" };
        assert!((figure(Better::Lower, 3.0, 2.0).ratio() - 1.5).abs() < 1e-9);
        assert!((figure(Better::Higher, 2.0, 3.0).ratio() - 1.5).abs() < 1e-9);
    }

    #[test]
    fn numbers_have_three_significant_digits() {
        assert_eq!(
            [0.1234, 1.234, 12.34, 123.4, 12345.6].map(significant),
            ["0.123", "1.23", "12.3", "123", "12346"]
        );
    }
}
