//! The progress of replays.

use std::collections::{BTreeMap, BTreeSet};

use ccx_transport::CommittedOffset;
use clap::ValueEnum as _;

use super::LetterClass;

/// The limit of letters that are recorded one by one: brokers limit the metadata of an offset to 4096 bytes.
const MAX_SINGLES: usize = 400;

/// The replayed letters of one partition of a queue. It is committed as the offset of a group of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Every letter before it was replayed.
    start: i64,
    /// By class, the offset before which every letter of the class was replayed.
    classes: BTreeMap<LetterClass, i64>,
    /// Letters after these that were replayed by their position.
    singles: BTreeSet<i64>,
}

/// The limit of letters that were replayed by their position since the last complete replay is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManySingles;

impl Progress {
    /// Parses a committed offset. Metadata of another program counts as none.
    pub(super) fn from_committed(committed: &CommittedOffset) -> Self {
        let mut progress = Self { start: committed.offset, ..Self::default() };
        for word in committed.metadata.split(' ') {
            let Some((name, value)) = word.split_once('=') else { continue };
            if name == "singles" {
                let offsets = value.split(',').filter_map(|offset| offset.parse::<i64>().ok());
                progress.singles = offsets.map(|offset| offset + committed.offset).collect();
            } else if let (Some(class), Ok(offset)) =
                (LetterClass::from_str(name, false).ok(), value.parse::<i64>())
            {
                progress.classes.insert(class, offset + committed.offset);
            }
        }
        progress
    }

    /// Encodes the progress: offsets relative to the committed one, so that they are short.
    pub(super) fn to_committed(&self) -> CommittedOffset {
        let start =
            LetterClass::value_variants().iter().map(|class| self.next(*class)).min().unwrap_or(self.start);
        let mut words: Vec<String> = self
            .classes
            .iter()
            .filter(|(_, next)| **next > start)
            .map(|(class, next)| format!("{class}={}", next - start))
            .collect();
        let singles: Vec<String> =
            self.singles.range(start..).map(|offset| (offset - start).to_string()).collect();
        if !singles.is_empty() {
            words.push(format!("singles={}", singles.join(",")));
        }
        CommittedOffset { offset: start, metadata: words.join(" ") }
    }

    pub(super) fn is_replayed(&self, offset: i64, class: LetterClass) -> bool {
        offset < self.next(class) || self.singles.contains(&offset)
    }

    /// Records that every letter of the class up to `offset` was replayed or can't be.
    pub(super) fn passed(&mut self, offset: i64, class: LetterClass) {
        let next = self.next(class).max(offset + 1);
        self.classes.insert(class, next);
    }

    /// Records that one letter was replayed.
    pub(super) fn replayed(&mut self, offset: i64) -> Result<(), TooManySingles> {
        let start = self.to_committed().offset;
        self.singles = self.singles.split_off(&start);
        if self.singles.len() >= MAX_SINGLES && !self.singles.contains(&offset) {
            return Err(TooManySingles);
        }
        self.singles.insert(offset);
        Ok(())
    }

    fn next(&self, class: LetterClass) -> i64 {
        self.classes.get(&class).copied().unwrap_or(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed_and_parsed(progress: &Progress) -> Progress {
        Progress::from_committed(&progress.to_committed())
    }

    #[test]
    fn class_that_was_replayed_is_remembered_apart_from_others() {
        let mut progress = Progress::default();
        progress.passed(5, LetterClass::Transient);
        let read = committed_and_parsed(&progress);
        assert!(read.is_replayed(5, LetterClass::Transient) && !read.is_replayed(6, LetterClass::Transient));
        assert!(!read.is_replayed(0, LetterClass::Bug));
    }

    #[test]
    fn offset_is_committed_up_to_which_all_classes_were_replayed() {
        let mut progress = Progress::default();
        for (class, offset) in LetterClass::value_variants().iter().copied().zip([9, 7, 8, 9]) {
            progress.passed(offset, class);
        }
        assert_eq!(progress.to_committed().offset, 8);
        assert_eq!(
            committed_and_parsed(&committed_and_parsed(&progress)).to_committed(),
            progress.to_committed()
        );
    }

    #[test]
    fn single_letters_are_remembered_within_the_limit_of_metadata() {
        let mut progress = Progress { start: 1 << 40, ..Progress::default() };
        let first = 1 << 40;
        let offsets = (first..).step_by(1000).take(MAX_SINGLES);
        for offset in offsets {
            progress.replayed(offset).unwrap();
        }
        assert_eq!(progress.replayed(first + 1), Err(TooManySingles));
        assert_eq!(progress.replayed(first), Ok(()), "it is remembered already");
        let committed = progress.to_committed();
        assert!(committed.metadata.len() <= 4096, "{}", committed.metadata.len());
        assert_eq!(Progress::from_committed(&committed).to_committed(), committed);
        for class in LetterClass::value_variants().iter().copied() {
            progress.passed(first + 999_999, class);
        }
        assert_eq!(progress.replayed(first + 1_000_001), Ok(()), "earlier ones are dropped");
    }

    #[test]
    fn metadata_of_another_program_is_ignored() {
        let committed = CommittedOffset { offset: 3, metadata: "hello=world singles=x".into() };
        assert_eq!(Progress::from_committed(&committed), Progress { start: 3, ..Progress::default() });
    }
}
