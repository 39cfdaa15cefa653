//! Formats of results.

use std::fmt;

pub(crate) use ccx_cli::{OutputError, note, print, print_document, print_json};
use clap::ValueEnum;
use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, TableStyle, Width};

/// Format of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// One line, below the header.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A space on each side of a cell.
const CELL_PADDING: usize = 2;

/// Text narrower than this is not wrapped any more; wider than that is hard to read.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=120;

/// Returns an empty table.
pub(crate) fn table(header: &[&str]) -> Table {
    Table { header: header.iter().map(ToString::to_string).collect(), rows: Vec::new() }
}

/// Rows of text that fit the terminal, or the `COLUMNS` of the environment; without either they are as wide
/// as their content.
///
/// Words are never broken. When the columns are too narrow for their longest words, each row is shown as a
/// block of lines.
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Appends a row with a cell for each column.
    pub(crate) fn add_row<S: ToString>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| cell.to_string()).collect());
    }

    fn to_text(&self, width: Option<usize>) -> String {
        let longest_words: Vec<usize> =
            (0..self.header.len()).map(|column| self.longest_word(column)).collect();
        let separators = longest_words.len().saturating_sub(1);
        let needed: usize = separators + longest_words.iter().map(|word| word + CELL_PADDING).sum::<usize>();
        match width {
            Some(width) if needed > width => self.to_blocks(width),
            _ => self.to_grid(&longest_words, width),
        }
    }

    fn longest_word(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).chain(self.header.get(column));
        cells
            .flat_map(|cell| cell.split_whitespace())
            .map(|word| word.chars().count())
            .max()
            .unwrap_or_default()
    }

    fn to_grid(&self, longest_words: &[usize], width: Option<usize>) -> String {
        let mut grid = comfy_table::Table::new();
        grid.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_header(&self.header);
        if let Some(width) = width {
            grid.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        for row in &self.rows {
            grid.add_row(row);
        }
        for (column, longest) in grid.column_iter_mut().zip(longest_words) {
            let least = u16::try_from(longest + CELL_PADDING).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        }
        grid.to_string()
    }

    /// Formats a row as a block: the first cell on a line of its own, the others below it with the names of
    /// their columns.
    fn to_blocks(&self, width: usize) -> String {
        let name_width = self.header.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let mut lines = Vec::new();
        for row in &self.rows {
            lines.push(row.first().cloned().unwrap_or_default());
            for (name, cell) in self.header.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty()) {
                let first = format!("  {name:<name_width$}  ");
                lines.push(wrap(cell, &first, &" ".repeat(name_width + 4), width));
            }
        }
        lines.join("\n")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = columns().or_else(|| comfy_table::Table::new().width());
        formatter.write_str(&self.to_text(width.map(usize::from)))
    }
}

/// Returns the number of columns for text: that of `COLUMNS`, of the terminal, or else 80.
pub(crate) fn width() -> usize {
    let columns = columns().or_else(|| comfy_table::Table::new().width()).map_or(80, usize::from);
    columns.clamp(*WIDTHS.start(), *WIDTHS.end())
}

fn columns() -> Option<u16> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// Breaks text between words. The first line begins with `first`, the following with `rest`; a word that is
/// longer than a line stays whole.
pub(crate) fn wrap(text: &str, first: &str, rest: &str, width: usize) -> String {
    let mut wrapped = first.to_owned();
    let mut used = first.chars().count();
    let mut is_start = true;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !is_start && used + 1 + length > width {
            wrapped.push('\n');
            wrapped.push_str(rest);
            used = rest.chars().count();
            is_start = true;
        }
        if !is_start {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(word);
        used += length;
        is_start = false;
    }
    wrapped
}

/// Breaks a shell command between words, with backslashes, so that it can still be copied.
pub(crate) fn wrap_command(command: &str, indent: &str, width: usize) -> String {
    const BREAK: &str = " \\";
    let mut wrapped = indent.to_owned();
    let mut used = indent.chars().count();
    for (index, part) in command_parts(command).iter().enumerate() {
        let length = part.chars().count();
        if index > 0 && used + 1 + length + BREAK.len() > width {
            wrapped.extend([BREAK, "\n", indent, "  "]);
            used = indent.chars().count() + 2;
        } else if index > 0 {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(part);
        used += length;
    }
    wrapped
}

/// Splits a shell command at spaces, except in single quotes, where a backslash is a character like others.
fn command_parts(command: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for word in command.split(' ') {
        match parts.last_mut().filter(|part| part.matches('\'').count() % 2 == 1) {
            Some(quoted) => quoted.extend([" ", word]),
            None => parts.push(word.to_owned()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_command_is_broken_outside_of_quotes_and_runs_as_before() {
        let command = "printf '%s|' first second 'a  quoted part' third \"fourth part\"";
        let wrapped = wrap_command(command, "    ", 30);
        assert_eq!(
            wrapped.lines().collect::<Vec<_>>(),
            [
                "    printf '%s|' first \\",
                "      second \\",
                "      'a  quoted part' third \\",
                "      \"fourth part\""
            ]
        );
        let run = |command| std::process::Command::new("sh").args(["-c", command]).output().unwrap().stdout;
        assert_eq!(run(&wrapped), run(command));
        assert_eq!(wrap_command("oc get nodes", "  ", 80), "  oc get nodes");
    }

    fn rules() -> Table {
        let mut table = table(&["KEY", "RISK", "READS"]);
        table.add_row(["NODE_NOT_READY", "important", "config/node/*.json config/infrastructure.json"]);
        table
    }

    #[test]
    fn wide_terminal_shows_a_grid_whose_words_are_whole() {
        for width in [None, Some(200), Some(64)] {
            let text = rules().to_text(width);
            let words: Vec<&str> = text.split_whitespace().collect();
            assert!(
                words.contains(&"NODE_NOT_READY") && words.contains(&"config/node/*.json"),
                "{width:?}:\n{text}"
            );
            let is_narrow = |line: &str| width.is_none_or(|width| line.chars().count() <= width);
            assert!(text.lines().all(is_narrow), "{width:?}:\n{text}");
            assert!(words.contains(&"config/infrastructure.json"), "{width:?}:\n{text}");
        }
    }

    #[test]
    fn narrow_terminal_shows_blocks_whose_words_are_whole() {
        let expected = "NODE_NOT_READY\n  RISK   important\n  READS  config/node/*.json\n         config/infrastructure.json";
        assert_eq!(rules().to_text(Some(40)), expected);
    }

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrap("one two three", "- ", "  ", 9), "- one two\n  three");
        assert_eq!(wrap("unbreakable words", "", "", 5), "unbreakable\nwords");
        assert_eq!(wrap("", "x ", "", 5), "x ");
    }
}
