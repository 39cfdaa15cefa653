//! Reads rules from files, and archives for them.

use std::path::{Path, PathBuf};

use ccx_archive::{Archive, ArchiveError, Limits};
use ccx_cli::CliError;
use ccx_config::ArchiveLimits;
use ccx_declarative_rules::{DeclarativeRule, FilesError, Problem, RuleFiles, load_files};
use chrono::{DateTime, Utc};
use snafu::{ResultExt, Snafu, ensure};

use crate::{
    archive_file::{ArchiveFile, ArchiveFileError},
    output,
};

/// Rules or an archive can't be used.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
pub(super) enum InputError {
    #[snafu(display("failed to read rules"))]
    Files { source: FilesError },
    #[snafu(display("there is no rule in {}{}", list(paths), hint_about_names(paths)))]
    NoRule { paths: Vec<PathBuf> },
    #[snafu(display("the rules have mistakes:{}", lines(problems)))]
    Mistakes { problems: Vec<Problem> },
    #[snafu(transparent)]
    ArchiveFile { source: ArchiveFileError },
    #[snafu(display("failed to read the archive {}", path.display()))]
    Archive { path: PathBuf, source: ArchiveError },
}

impl CliError for InputError {
    fn advice(&self) -> Option<String> {
        matches!(self, Self::Mistakes { .. }).then(|| "`ccx rules lint` shows the warnings too".into())
    }
}

/// Reads the rules of files, directories and archives of rules. Their tests may fail.
pub(super) fn read_rules(paths: &[PathBuf]) -> Result<Vec<DeclarativeRule>, InputError> {
    let files = RuleFiles::read(paths).context(FilesSnafu)?;
    let loaded = load_files(&files);
    ensure!(!loaded.has_errors(), MistakesSnafu { problems: loaded.problems });
    Ok(loaded.rules)
}

/// Reads the rules of the command line, like [`read_rules`]. Paths without any rule are a mistake.
pub(super) fn read_given_rules(paths: &[PathBuf]) -> Result<Vec<DeclarativeRule>, InputError> {
    let rules = read_rules(paths)?;
    ensure!(paths.is_empty() || !rules.is_empty(), NoRuleSnafu { paths });
    Ok(rules)
}

/// The archive of a cluster.
pub(super) struct ClusterArchive {
    pub(super) archive: Archive,
    /// The time at which its data was gathered, if known.
    pub(super) gathered_at: Option<DateTime<Utc>>,
}

/// Folders at the root of archives of an insights operator.
const ROOTS: [&str; 2] = ["config/", "insights-operator/"];

/// Reads the archive of a cluster from a file or a folder.
pub(super) fn read_archive(path: &Path) -> Result<ClusterArchive, InputError> {
    let file = ArchiveFile::read(path, &ArchiveLimits::default())?;
    let archive = Archive::read(file.bytes, &Limits::default()).context(ArchiveSnafu { path })?;
    if !ROOTS.iter().any(|root| archive.files().any(|file| file.path.starts_with(root))) {
        let found = archive.files().next().map(|file| file.path.to_owned()).unwrap_or_default();
        output::note(&format!(
            "warning: {} has no {} at its root, but {found}: is it an archive of an insights operator?",
            path.display(),
            ROOTS.join(" or ")
        ));
    }
    Ok(ClusterArchive { archive, gathered_at: file.gathered_at })
}

/// Returns how rule files are named, unless each path is one.
fn hint_about_names(paths: &[PathBuf]) -> &'static str {
    let is_rule_file = |path: &PathBuf| {
        path.is_file() && path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
    };
    if paths.iter().all(is_rule_file) { ": empty file" } else { "; files of rules end with .yaml or .yml" }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |lines, problem| lines + "\n  " + &problem.to_string())
}
