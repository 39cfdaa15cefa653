//! Discovery of PostgreSQL's programs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::error::{NotInstalledSnafu, PostgresError};

/// The folder of Debian and Ubuntu with a subfolder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folders of Fedora, Homebrew and others, for programs that are not in PATH.
const OTHERS: [&str; 5] = [
    "/usr/bin",
    "/usr/pgsql/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/postgresql/bin",
];

/// An installation of PostgreSQL.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    pub(super) postgres: PathBuf,
    pub(super) initdb: PathBuf,
    /// Returns the output of `postgres --version`.
    pub(super) version: String,
}

impl Binaries {
    /// Finds the first installation that has all programs, and is of version `major` if one is given.
    pub(super) fn find(major: Option<u32>) -> Result<Self, PostgresError> {
        let searched = folders();
        let found = searched.iter().filter_map(|folder| Self::in_folder(folder));
        let mut suitable = found.filter(|binaries| major.is_none() || binaries.major() == major);
        suitable.next().ok_or_else(|| NotInstalledSnafu { searched: searched.clone(), major }.build())
    }

    /// Returns the programs in `folder`, or in the folder that its `postgres` links to.
    fn in_folder(folder: &Path) -> Option<Self> {
        let postgres = folder.join("postgres").canonicalize().ok()?;
        let beside = postgres.with_file_name("initdb");
        let initdb = [beside, folder.join("initdb")].into_iter().find(|path| path.is_file())?;
        let output = Command::new(&postgres).arg("--version").output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Some(Self { postgres, initdb, version })
    }

    fn major(&self) -> Option<u32> {
        major_of(&self.version)
    }
}

/// Parses the `15` of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_of(version: &str) -> Option<u32> {
    let number =
        version.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(debian_folders());
    folders.extend(pg_config_folder());
    folders.extend(OTHERS.map(PathBuf::from));
    let mut unique = Vec::new();
    for folder in folders {
        if folder.is_absolute() && !unique.contains(&folder) {
            unique.push(folder);
        }
    }
    unique
}

/// `/usr/lib/postgresql/*/bin`, newest version first.
fn debian_folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut versions: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|left, right| right.cmp(left));
    versions.into_iter().map(|version| Path::new(DEBIAN).join(version.to_string()).join("bin")).collect()
}

fn pg_config_folder() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_version_of_every_distribution_is_parsed() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18.0"), Some(18));
        assert_eq!(major_of("postgres (PostgreSQL) 19devel"), Some(19));
        assert_eq!(major_of(""), None);
    }

    #[test]
    fn missing_version_is_an_error_with_searched_folders_and_advice() {
        let message = Binaries::find(Some(7)).unwrap_err().to_string();
        for part in ["version 7", "/usr/lib/postgresql", "apt install postgresql", "--database-url"] {
            assert!(message.contains(part) || !Path::new(DEBIAN).exists(), "{message}");
        }
    }
}
