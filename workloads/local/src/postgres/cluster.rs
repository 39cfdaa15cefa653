//! The data directory.
//!
//! ```text
//! folder/data          the output of initdb
//! folder/password      the password of the superuser
//! folder/postgres.log  the log of the server
//! ```

use std::{
    fs,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use snafu::{ResultExt as _, ensure};

use super::{
    SUPERUSER,
    account::Account,
    binaries::Binaries,
    error::{FileSnafu, InitialiseSnafu, PostgresError, SpawnSnafu},
};
use crate::secret::random_hex;

/// A data directory, with the account and programs that serve it.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) data: PathBuf,
    pub(super) log: PathBuf,
    pub(super) password: String,
    pub(super) binaries: Binaries,
    pub(super) account: Account,
}

/// Returns the major version of existing data in `folder`.
pub(super) fn major_version(folder: &Path) -> Option<u32> {
    fs::read_to_string(folder.join("data/PG_VERSION")).ok()?.trim().parse().ok()
}

impl Cluster {
    /// Opens the data directory in `folder`; creates it if it does not exist.
    pub(super) fn open(folder: &Path, binaries: Binaries, account: Account) -> Result<Self, PostgresError> {
        account.own(folder)?;
        account.check_reach(folder)?;
        let data = folder.join("data");
        let password_file = folder.join("password");
        if !data.exists() {
            write_secret(&password_file, &random_hex())?;
            account.own(&password_file)?;
            initialise(folder, &data, &password_file, &binaries, &account)?;
        }
        let password = fs::read_to_string(&password_file)
            .context(FileSnafu { action: "read", path: password_file })?
            .trim()
            .to_owned();
        Ok(Self { data, log: folder.join("postgres.log"), password, binaries, account })
    }
}

/// Creates the data directory under a temporary name first, so that an incomplete one is never used.
fn initialise(
    folder: &Path,
    data: &Path,
    password_file: &Path,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), PostgresError> {
    let unfinished = folder.join("data.unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).context(FileSnafu { action: "remove", path: &unfinished })?;
    }
    fs::create_dir(&unfinished).context(FileSnafu { action: "create", path: &unfinished })?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o700))
        .context(FileSnafu { action: "protect", path: &unfinished })?;
    account.own(&unfinished)?;
    run_initdb(&unfinished, password_file, binaries, account)?;
    fs::rename(&unfinished, data).context(FileSnafu { action: "rename", path: unfinished })
}

fn run_initdb(
    data: &Path,
    password_file: &Path,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), PostgresError> {
    let command = account.command(&binaries.initdb);
    let output = Command::new(&command[0])
        .args(&command[1..])
        .arg("--pgdata")
        .arg(data)
        .arg("--pwfile")
        .arg(password_file)
        // Plain passwords over loopback avoid the slow handshake of SCRAM for each connection.
        .args([
            "--username",
            SUPERUSER,
            "--auth",
            "password",
            "--encoding",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ])
        .env("LC_ALL", "C")
        .current_dir("/")
        .output()
        .context(SpawnSnafu { program: &binaries.initdb })?;
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(output.status.success(), InitialiseSnafu { path: data, message });
    Ok(())
}

fn write_secret(path: &Path, text: &str) -> Result<(), PostgresError> {
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
        .context(FileSnafu { action: "write", path })
}
