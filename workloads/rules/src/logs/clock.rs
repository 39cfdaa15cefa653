//! The times of the lines of a file, where lines without a time take that of their neighbours.

use std::cell::OnceCell;

use memchr::{memchr, memrchr};

use super::line_time::LineTime;

/// Finds the times of lines of one file, in the order of the file. All calls together read the file at most twice.
pub(super) struct FileClock<'a> {
    text: &'a [u8],
    /// The end of the part in which the last time is known.
    searched_bytes: usize,
    /// The last time in that part.
    latest: Option<LineTime>,
    /// The first time in the file.
    first: OnceCell<Option<LineTime>>,
}

impl<'a> FileClock<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, searched_bytes: 0, latest: None, first: OnceCell::new() }
    }

    /// Returns the time of a line that begins at byte `start`: its own, that of the nearest line before it that has one, or the
    /// first in the file. `start` does not decrease from call to call.
    pub(super) fn time_of(&mut self, start: usize) -> Option<LineTime> {
        let line = &self.text[start..];
        let end = start + memchr(b'\n', line).unwrap_or(line.len());
        let unsearched = &self.text[self.searched_bytes.min(end)..end];
        self.latest = lines_backwards(unsearched).find_map(LineTime::parse).or(self.latest);
        self.searched_bytes = end;
        self.latest.or_else(|| {
            *self.first.get_or_init(|| self.text.split(|byte| *byte == b'\n').find_map(LineTime::parse))
        })
    }
}

fn lines_backwards(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let newline = memrchr(b'\n', text);
        rest = newline.map(|newline| &text[..newline]);
        Some(newline.map_or(text, |newline| &text[newline + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the days of the lines that contain `x`.
    fn days(text: &str) -> Vec<Option<u32>> {
        let mut clock = FileClock::new(text.as_bytes());
        let starts =
            text.match_indices('x').map(|(at, _)| text[..at].rfind('\n').map_or(0, |newline| newline + 1));
        let day = |time| match time {
            LineTime::WithoutYear { day, .. } => day,
            LineTime::Complete(_) => 0,
        };
        starts.map(|start| clock.time_of(start).map(day)).collect()
    }

    #[test]
    fn line_has_its_own_time() {
        assert_eq!(days("I0101 10:00:00 x\nI0102 10:00:00 x\n"), [Some(1), Some(2)]);
    }

    #[test]
    fn line_without_a_time_has_that_of_the_nearest_line_before() {
        assert_eq!(
            days("I0101 10:00:00 a\nI0102 10:00:00 a\nb\nx\nx\nI0103 10:00:00 a\nx"),
            [Some(2), Some(2), Some(3)]
        );
    }

    #[test]
    fn line_before_all_times_has_the_first() {
        assert_eq!(days("x\n\nx\nI0102 10:00:00 a\nI0103 10:00:00 a\nx"), [Some(2), Some(2), Some(3)]);
    }

    #[test]
    fn file_without_times_has_none() {
        assert_eq!(days("x\nb\nx"), [None, None]);
        assert_eq!(days("x"), [None]);
    }
}
