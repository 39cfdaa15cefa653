//! Formats of results.

pub(crate) use ccx_cli::{OutputError, note, print, print_document, print_json};
use clap::ValueEnum;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

/// How results look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// One line, below the header.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Text narrower than this is not wrapped any more; wider than that is hard to read.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=120;

/// Returns an empty table. On a terminal it is as wide as that, and elsewhere as `COLUMNS` says, or as its content.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    if let Some(columns) = columns() {
        table.set_width(columns);
    }
    table
}

/// Returns the number of columns for text: of `COLUMNS`, of the terminal, or else 80.
pub(crate) fn width() -> usize {
    let columns = columns().or_else(|| Table::new().width()).map_or(80, usize::from);
    columns.clamp(*WIDTHS.start(), *WIDTHS.end())
}

fn columns() -> Option<u16> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// Breaks text between words. The first line begins with `first`, the following with `rest`; a word that is longer than a line stays whole.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_between_words() {
        assert_eq!(wrap("one two three", "- ", "  ", 9), "- one two\n  three");
        assert_eq!(wrap("unbreakable words", "", "", 5), "unbreakable\nwords");
        assert_eq!(wrap("", "x ", "", 5), "x ");
    }
}
