//! Replacing workers that have grown or run for long.

use ccx_config::InsightsCore;

/// Memory of a worker and the archives that it has processed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Resident memory after the packages were loaded.
    pub initial_rss_bytes: u64,
    /// Resident memory now.
    pub rss_bytes: u64,
    /// Number of archives processed.
    pub archives: u32,
}

/// The decision about a worker after an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recycling {
    /// The worker gets the next archive.
    Keep,
    /// The worker is replaced, with the reason as the label of a metric.
    Replace(&'static str),
}

impl Usage {
    /// Decides whether the worker is replaced.
    pub(crate) fn recycling(&self, settings: &InsightsCore) -> Recycling {
        let growth = self.rss_bytes.saturating_sub(self.initial_rss_bytes);
        if growth > settings.max_memory_growth.as_u64() {
            Recycling::Replace("memory")
        } else if self.archives >= settings.max_archives {
            Recycling::Replace("archives")
        } else {
            Recycling::Keep
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recycling(born: u64, now: u64, archives: u32) -> Recycling {
        let mib = |number: u64| number << 20;
        Usage { initial_rss_bytes: mib(born), rss_bytes: mib(now), archives }
            .recycling(&InsightsCore::default())
    }

    #[test]
    fn worker_is_kept_until_it_has_grown_or_processed_many_archives() {
        assert_eq!(recycling(40, 40 + 256, 1999), Recycling::Keep);
        assert_eq!(recycling(40, 40 + 257, 1), Recycling::Replace("memory"));
        assert_eq!(recycling(40, 30, 2000), Recycling::Replace("archives"));
    }
}
