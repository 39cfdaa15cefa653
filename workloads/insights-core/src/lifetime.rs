//! When a worker has lived long enough.

use ccx_config::InsightsCore;

/// What a worker has gone through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    /// Its memory when the packages were loaded.
    pub born_rss_bytes: u64,
    /// Its memory now.
    pub rss_bytes: u64,
    /// The archives that it has seen.
    pub archives: u32,
}

/// What becomes of a worker after an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It gets the next archive.
    Keep,
    /// It is replaced; the word says why.
    Replace(&'static str),
}

impl Life {
    pub(crate) fn verdict(&self, settings: &InsightsCore) -> Verdict {
        let growth = self.rss_bytes.saturating_sub(self.born_rss_bytes);
        if growth > settings.max_memory_growth.as_u64() {
            Verdict::Replace("memory")
        } else if self.archives >= settings.max_archives {
            Verdict::Replace("archives")
        } else {
            Verdict::Keep
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(born: u64, now: u64, archives: u32) -> Verdict {
        let mib = |number: u64| number << 20;
        Life { born_rss_bytes: mib(born), rss_bytes: mib(now), archives }.verdict(&InsightsCore::default())
    }

    #[test]
    fn a_worker_is_kept_until_it_has_grown_or_aged() {
        assert_eq!(verdict(40, 40 + 256, 1999), Verdict::Keep);
        assert_eq!(verdict(40, 40 + 257, 1), Verdict::Replace("memory"));
        assert_eq!(verdict(40, 30, 2000), Verdict::Replace("archives"));
    }
}
