//! The account that runs the server.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use snafu::{OptionExt as _, ResultExt as _, ensure};

use super::error::{FileSnafu, HiddenSnafu, NoAccountSnafu, NoSetprivSnafu, PostgresError};

/// The accounts that root runs the server as, best first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

const ROOT: u32 = 0;

/// The account that runs the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// The account of this process.
    Own,
    /// Another account: this process runs as root, and PostgreSQL refuses root.
    Other { name: String, uid: u32, gid: u32, setpriv: PathBuf },
}

impl Account {
    pub(super) fn find() -> Result<Self, PostgresError> {
        if own_uid()? != ROOT {
            return Ok(Self::Own);
        }
        let path = "/etc/passwd";
        let passwd = fs::read_to_string(path).context(FileSnafu { action: "read", path })?;
        let (name, uid, gid) =
            CANDIDATES.iter().find_map(|name| entry(&passwd, name)).context(NoAccountSnafu)?;
        let setpriv = find_program("setpriv").context(NoSetprivSnafu { account: &name })?;
        Ok(Self::Other { name, uid, gid, setpriv })
    }

    /// Returns a command that runs `program` as this account.
    ///
    /// It ends with the process that starts it, if that is killed. (The signal is sent when the starting *thread* ends, so the
    /// starter must have only one.)
    pub(super) fn command(&self, program: &Path) -> Vec<String> {
        let program = program.display().to_string();
        match self {
            Self::Own => vec![program],
            Self::Other { uid, gid, setpriv, .. } => vec![
                setpriv.display().to_string(),
                format!("--reuid={uid}"),
                format!("--regid={gid}"),
                "--clear-groups".into(),
                "--pdeathsig=INT".into(),
                "--".into(),
                program,
            ],
        }
    }

    /// Changes the owner of `path` to the account.
    pub(super) fn own(&self, path: &Path) -> Result<(), PostgresError> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid, .. } => std::os::unix::fs::chown(path, Some(*uid), Some(*gid))
                .context(FileSnafu { action: "change the owner of", path }),
        }
    }

    /// Checks that the account can reach `path`, which it owns, through all its parents.
    pub(super) fn check_reach(&self, path: &Path) -> Result<(), PostgresError> {
        let Self::Other { name, uid, gid, .. } = self else { return Ok(()) };
        for parent in path.ancestors().skip(1) {
            let metadata = fs::metadata(parent).context(FileSnafu { action: "inspect", path: parent })?;
            let mode = metadata.mode();
            let may_enter = if metadata.uid() == *uid {
                mode & 0o100 != 0
            } else if metadata.gid() == *gid {
                mode & 0o010 != 0
            } else {
                mode & 0o001 != 0
            };
            ensure!(may_enter, HiddenSnafu { account: name, path: parent });
        }
        Ok(())
    }
}

/// Returns the user of this process: the owner of a file that it creates.
fn own_uid() -> Result<u32, PostgresError> {
    let metadata = tempfile::tempfile().and_then(|file| file.metadata());
    Ok(metadata.context(FileSnafu { action: "create a file in", path: std::env::temp_dir() })?.uid())
}

/// Returns the user and group of account `name` from the text of `/etc/passwd`.
fn entry(passwd: &str, name: &str) -> Option<(String, u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_wanted = fields.next()? == name;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        is_wanted.then(|| (name.to_owned(), uid, gid))
    })
}

/// Finds a program in PATH, or in the usual folders if PATH lacks them.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/bin".into(), "/bin".into()]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/bash\nbroken\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\n";

    #[test]
    fn entry_finds_account_by_name() {
        assert_eq!(entry(PASSWD, "nobody"), Some(("nobody".into(), 65534, 65533)));
        assert_eq!(entry(PASSWD, "postgres"), None);
    }

    #[test]
    fn command_of_other_account_uses_setpriv() {
        let account =
            Account::Other { name: "nobody".into(), uid: 1, gid: 2, setpriv: "/usr/bin/setpriv".into() };
        assert_eq!(
            account.command(Path::new("/bin/postgres")).join(" "),
            "/usr/bin/setpriv --reuid=1 --regid=2 --clear-groups --pdeathsig=INT -- /bin/postgres"
        );
        assert_eq!(Account::Own.command(Path::new("/bin/postgres")), ["/bin/postgres"]);
    }

    #[test]
    fn folder_below_inaccessible_parent_is_an_error_with_the_parent() {
        let closed = tempfile::tempdir().unwrap();
        fs::set_permissions(closed.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let account = Account::Other {
            name: "stranger".into(),
            uid: u32::MAX - 7,
            gid: u32::MAX - 7,
            setpriv: PathBuf::new(),
        };
        let error = account.check_reach(&closed.path().join("data")).unwrap_err();
        assert!(matches!(&error, PostgresError::Hidden { path, .. } if path == closed.path()), "{error}");
        assert!(account.check_reach(Path::new("/data")).is_ok());
    }
}
