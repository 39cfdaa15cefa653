//! When a rule set is taken, and when the one before is kept.

use crate::{Digest, Problem, RuleFiles, RuleSet};

/// What is loaded, and what was refused.
#[derive(Clone, Debug, Default)]
pub struct Reloader {
    loaded: Option<Digest>,
    refused: Option<Digest>,
}

/// What a look at the files gives.
#[derive(Debug)]
pub enum Change {
    /// They are those that were looked at before.
    None,
    /// A new set, to be used from now on.
    Loaded(RuleSet),
    /// Something is wrong with them; what is loaded stays. At least one problem is an error, and it is the first.
    Refused(Vec<Problem>),
    /// They are again those that are loaded, after others were refused.
    Restored,
}

impl Reloader {
    /// Whether what was looked at last is what is loaded.
    pub fn is_current(&self) -> bool {
        self.loaded.is_some() && self.refused.is_none()
    }

    /// Forgets what was refused, so that it is told again.
    pub fn forget_refused(&mut self) {
        self.refused = None;
    }

    /// Compares the files with what is known, and loads them when they are new.
    pub fn look_at(&mut self, files: &RuleFiles) -> Change {
        let digest = files.digest();
        if self.loaded == Some(digest) {
            return if self.refused.take().is_some() { Change::Restored } else { Change::None };
        }
        if self.refused == Some(digest) {
            return Change::None;
        }
        match RuleSet::new(files) {
            Ok(set) => {
                *self = Self { loaded: Some(digest), refused: None };
                Change::Loaded(set)
            }
            Err(rejected) => {
                self.refused = Some(digest);
                Change::Refused(rejected.problems)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../examples/pool-degraded.yaml");

    fn files(text: &str) -> RuleFiles {
        RuleFiles::of_texts([("a.yaml", text)])
    }

    #[test]
    fn a_set_is_loaded_once() {
        let mut reloader = Reloader::default();
        let Change::Loaded(set) = reloader.look_at(&files(GOOD)) else { panic!() };
        assert_eq!(set.rules().len(), 1);
        assert!(matches!(reloader.look_at(&files(GOOD)), Change::None));
        assert!(matches!(reloader.look_at(&files(&format!("{GOOD}# more\n"))), Change::Loaded(_)));
    }

    #[test]
    fn a_bad_set_is_refused_once_and_the_old_one_stays() {
        let mut reloader = Reloader::default();
        reloader.look_at(&files(GOOD));
        let bad = files(&GOOD.replace("when:", "whn:"));
        let Change::Refused(problems) = reloader.look_at(&bad) else { panic!() };
        assert!(problems[0].to_string().starts_with("a.yaml:2:1: error:"), "{}", problems[0]);
        assert!(matches!(reloader.look_at(&bad), Change::None));
        assert!(matches!(reloader.look_at(&files(GOOD)), Change::Restored));
        assert!(matches!(reloader.look_at(&files(GOOD)), Change::None));
    }

    #[test]
    fn an_empty_set_is_a_set() {
        assert!(
            matches!(Reloader::default().look_at(&RuleFiles::default()), Change::Loaded(set) if set.rules().is_empty())
        );
    }
}
