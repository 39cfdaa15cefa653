//! Folders that are removed when the process ends, also by SIGKILL.

use std::{
    fs::Permissions,
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use snafu::{ResultExt, Snafu};

/// A shell script that waits for the end of its input, then for the end of a PostgreSQL server in the folder,
/// and removes the folder.
///
/// The input is a pipe from this process; the kernel closes it when the process ends, even by SIGKILL. The server gets 10 s.
const JANITOR: &str = r#"
PATH=$PATH:/usr/bin:/bin
read -r _
tries=0
while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf -- "$1"
"#;

/// A folder cannot be created.
#[derive(Debug, Snafu)]
pub enum FolderError {
    /// A temporary folder cannot be created.
    #[snafu(display("failed to create a temporary folder in {}", parent.display()))]
    Create {
        /// Its parent.
        parent: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The given folder cannot be created.
    #[snafu(display("failed to create the folder {}", path.display()))]
    CreateGiven {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The process that removes the temporary folder cannot be started.
    #[snafu(display("failed to start a shell that removes {} in the end", path.display()))]
    Janitor {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// The folder of a server.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    janitor: Option<Child>,
}

impl Folder {
    /// Creates a folder that is removed with its handle.
    pub(crate) fn temporary(prefix: &str) -> Result<Self, FolderError> {
        let only_ours = Permissions::from_mode(0o700);
        let created = tempfile::Builder::new().prefix(prefix).permissions(only_ours).tempdir();
        let path = created.with_context(|_| CreateSnafu { parent: std::env::temp_dir() })?.keep();
        let janitor = Command::new("/bin/sh")
            .args(["-c", JANITOR, "ccx-janitor"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            .spawn_in_own_group()
            .context(JanitorSnafu { path: &path })?;
        Ok(Self { path, janitor: Some(janitor) })
    }

    /// Uses a folder that is kept; creates it if it does not exist.
    pub(crate) fn given(path: &Path) -> Result<Self, FolderError> {
        std::fs::create_dir_all(path).context(CreateGivenSnafu { path })?;
        let path = path.canonicalize().context(CreateGivenSnafu { path })?;
        Ok(Self { path, janitor: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until a temporary folder is removed.
    pub(crate) fn close(mut self) {
        if let Some(mut janitor) = self.janitor.take() {
            // Waiting closes the pipe first.
            let _ = janitor.wait();
        }
    }
}

/// Starts processes that a Ctrl-C in the terminal does not reach: they are stopped after the shutdown of this process.
pub(crate) trait SpawnInOwnGroup {
    fn spawn_in_own_group(&mut self) -> io::Result<Child>;
}

impl SpawnInOwnGroup for Command {
    fn spawn_in_own_group(&mut self) -> io::Result<Child> {
        use std::os::unix::process::CommandExt as _;
        self.process_group(0).spawn()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn temporary_folder_is_removed_with_its_handle() {
        let folder = Folder::temporary("ccx-folder-").unwrap();
        let path = folder.path().to_owned();
        std::fs::write(path.join("file"), "x").unwrap();
        drop(folder);
        let deadline = Instant::now() + Duration::from_secs(30);
        while path.exists() {
            assert!(Instant::now() < deadline, "{} is still there", path.display());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn given_folder_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::given(&parent.path().join("a/b")).unwrap();
        let path = folder.path().to_owned();
        folder.close();
        assert!(path.is_dir());
    }
}
