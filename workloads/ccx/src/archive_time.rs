//! The gathering time of an archive, derived from the archive and its file.

use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};

/// The format of the time in the name of an archive: `insights-2026-01-15-120000.tar.gz`.
const PREFIX: &str = "insights-";
const FORMAT: &str = "%Y-%m-%d-%H%M%S";
const FORMAT_LEN: usize = "2026-01-15-120000".len();

/// Returns the time in the archive's name, or that of its newest member, or that of its file; the first that
/// is known.
pub(crate) fn gathering_time(
    path: Option<&Path>,
    newest_member: Option<DateTime<Utc>>,
    file_modified: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    path.and_then(time_in_name).or(newest_member).or(file_modified)
}

/// Returns the time that the insights operator writes into the names of its archives, which is UTC.
fn time_in_name(path: &Path) -> Option<DateTime<Utc>> {
    let name = path.file_name()?.to_str()?;
    let mut candidates = name.match_indices(PREFIX).map(|(start, _)| &name[start + PREFIX.len()..]);
    candidates.find_map(parse_time)
}

/// Parses the time at the beginning of `text`, which must end there.
fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let (time, rest) = text.split_at_checked(FORMAT_LEN)?;
    let is_longer_number = rest.starts_with(|next: char| next.is_ascii_digit());
    let parsed = NaiveDateTime::parse_from_str(time, FORMAT).ok()?;
    (!is_longer_number).then(|| parsed.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn archive_name_of_the_operator_has_the_time() {
        for name in [
            "insights-2026-01-15-120000.tar.gz",
            "/var/lib/insights-operator/insights-2026-01-15-120000.tar.gz",
            "archives/insights-2026-01-15-120000",
            "case-17_insights-2026-01-15-120000(1).tar.gz",
            "insights-insights-2026-01-15-120000.tgz",
        ] {
            assert_eq!(time_in_name(Path::new(name)), Some(time("2026-01-15T12:00:00Z")), "{name}");
        }
    }

    #[test]
    fn other_archive_name_has_no_time() {
        for name in [
            "insights-2026-01-15.tar.gz",
            "insights-2026-13-15-120000.tar.gz",
            "insights-2026-01-15-1200001.tar.gz",
            "insights-2026-01-15-250000.tar.gz",
            "2026-01-15-120000.tar.gz",
            "insights-2026-01-15-12000é.tar.gz",
            "insights-2026-01-15-120000/archive.tar.gz",
            "",
        ] {
            assert_eq!(time_in_name(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn first_known_time_is_used() {
        let named = Some(Path::new("insights-2026-01-15-120000.tar.gz"));
        let unnamed = Some(Path::new("archive.tar.gz"));
        let (member, file) = (Some(time("2026-01-14T00:00:00Z")), Some(time("2026-01-13T00:00:00Z")));
        assert_eq!(gathering_time(named, member, file), Some(time("2026-01-15T12:00:00Z")));
        assert_eq!(gathering_time(unnamed, member, file), member);
        assert_eq!(gathering_time(unnamed, None, file), file);
        assert_eq!(gathering_time(None, None, None), None);
    }
}
