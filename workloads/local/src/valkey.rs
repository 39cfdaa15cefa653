//! A private Valkey or Redis server, for tests.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use snafu::{OptionExt as _, ResultExt as _, Snafu, ensure};

use crate::{
    folder::{Folder, FolderError, SpawnInOwnGroup as _},
    port::free_port,
    secret::random_hex,
};

/// The programs, in the order of preference.
const PROGRAMS: [&str; 2] = ["valkey-server", "redis-server"];

/// Timeout of a start on a busy machine.
const START_TIMEOUT: Duration = Duration::from_mins(1);

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A shell script that runs a server until its input ends. The kernel closes the pipe when this process ends, even by SIGKILL.
const WATCHER: &str = r#"
PATH=$PATH:/usr/bin:/usr/local/bin:/bin
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
read -r _ <&3
kill "$server" 2>/dev/null
wait "$server"
"#;

/// Protection of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValkeyProtection {
    /// Neither encrypted nor authenticated.
    None,
    /// TLS with a certificate for `localhost`, and a user with a password.
    TlsAndPassword,
}

/// A private server on a free port of 127.0.0.1, with nothing in it. It ends with the handle, and also when the process ends for
/// any reason.
#[derive(Debug)]
pub struct Valkey {
    watcher: Option<Child>,
    config_file: PathBuf,
    settings: ccx_config::Valkey,
    port: u16,
    _folder: Folder,
}

/// A server can't be started.
#[derive(Debug, Snafu)]
pub enum ValkeyError {
    /// Its folder can't be created.
    #[snafu(transparent)]
    Folder {
        /// The cause.
        source: FolderError,
    },
    /// A file or a process can't be created.
    #[snafu(display("failed to {action}"))]
    Io {
        /// The purpose.
        action: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// Neither program is installed.
    #[snafu(display("neither valkey-server nor redis-server is installed"))]
    Missing,
    /// The certificate can't be created.
    #[snafu(display("openssl failed to create a certificate: {log}"))]
    Certificate {
        /// The output of openssl.
        log: String,
    },
    /// It accepts no connections.
    #[snafu(display("the server has accepted no connection within {} s", START_TIMEOUT.as_secs()))]
    Slow,
}

impl Valkey {
    /// Starts a server, and waits until it accepts connections.
    pub fn start(protection: ValkeyProtection) -> Result<Self, ValkeyError> {
        let folder = Folder::temporary("ccx-valkey-")?;
        let port = free_port().context(IoSnafu { action: "find a free port" })?;
        let mut settings = ccx_config::Valkey {
            endpoint: Some(format!("{}:{port}", Ipv4Addr::LOCALHOST)),
            ..ccx_config::Valkey::default()
        };
        let listen = match protection {
            ValkeyProtection::None => format!("port {port}"),
            ValkeyProtection::TlsAndPassword => {
                let certificate = create_certificate(folder.path())?;
                let password = random_hex();
                let listen = format!(
                    "port 0\ntls-port {port}\ntls-auth-clients no\ntls-cert-file {cert}\ntls-key-file {key}\n\
                     tls-ca-cert-file {cert}\nuser default off\nuser ccx on >{password} ~* &* +@all",
                    cert = certificate.display(),
                    key = folder.path().join("key.pem").display(),
                );
                settings.endpoint = Some(format!("localhost:{port}"));
                settings.tls = true;
                settings.ca_file = Some(certificate);
                settings.username = Some("ccx".into());
                settings.password = Some(password.into());
                listen
            }
        };
        let folder_name = folder.path().display();
        let config = format!("bind 127.0.0.1\nsave \"\"\nappendonly no\ndir {folder_name}\n{listen}\n");
        let config_file = folder.path().join("valkey.conf");
        let private = fs::Permissions::from_mode(0o600);
        let write = fs::write(&config_file, config).and_then(|()| fs::set_permissions(&config_file, private));
        write.context(IoSnafu { action: "write the server's configuration" })?;
        let mut server = Self { watcher: None, config_file, settings, port, _folder: folder };
        server.resume()?;
        Ok(server)
    }

    /// Returns the settings for clients.
    pub fn config(&self) -> ccx_config::Valkey {
        self.settings.clone()
    }

    /// Stops the server. Its data are lost.
    pub fn stop(&mut self) {
        if let Some(mut watcher) = self.watcher.take() {
            drop(watcher.stdin.take());
            if let Err(error) = watcher.wait() {
                tracing::warn!(%error, "failed to wait for the end of the Valkey server");
            }
        }
    }

    /// Starts the server again on the same port, after it was stopped.
    pub fn resume(&mut self) -> Result<(), ValkeyError> {
        let program = find_program().context(MissingSnafu)?;
        let watcher = Command::new("/bin/sh")
            .args(["-c", WATCHER, "ccx-valkey"])
            .arg(program)
            .arg(&self.config_file)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn_in_own_group()
            .context(IoSnafu { action: "start a shell for the server" })?;
        self.watcher = Some(watcher);
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            ensure!(start.elapsed() < START_TIMEOUT, SlowSnafu);
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

impl Drop for Valkey {
    fn drop(&mut self) {
        self.stop();
    }
}

fn find_program() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let candidates = PROGRAMS.iter().flat_map(|program| {
        std::env::split_paths(&folders).map(|folder| folder.join(program)).collect::<Vec<_>>()
    });
    candidates.into_iter().find(|path| path.is_file())
}

/// Creates `cert.pem`, which signs itself, and `key.pem`.
fn create_certificate(folder: &Path) -> Result<PathBuf, ValkeyError> {
    let certificate = folder.join("cert.pem");
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(&certificate)
        .stdin(Stdio::null())
        .output()
        .context(IoSnafu { action: "run openssl" })?;
    let log = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), CertificateSnafu { log });
    Ok(certificate)
}
