//! A workload as a process of its own: what it costs is what the system says of it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use ccx_config::Config;
use snafu::{OptionExt, ResultExt, Snafu, ensure};
use tempfile::NamedTempFile;

/// The time limit for a workload to become ready.
const READY_TIMEOUT: Duration = Duration::from_mins(1);

/// A benchmark's process does not do what it should.
#[derive(Debug, Snafu)]
pub(crate) enum ProcessError {
    /// It does not start.
    #[snafu(display("failed to start {}; build it with `cargo build --release -p ccx`", program.display()))]
    Start {
        /// The program.
        program: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// Its configuration can't be written.
    #[snafu(display("failed to write a configuration file"))]
    WriteConfig {
        /// The reason.
        source: std::io::Error,
    },
    /// It does not become ready.
    #[snafu(display("{command} did not become ready within {} s", READY_TIMEOUT.as_secs()))]
    NotReady {
        /// The sub-command.
        command: &'static str,
    },
    /// `/proc` does not tell.
    #[snafu(display("failed to read {path}"))]
    Proc {
        /// The file.
        path: String,
    },
}

/// A running `ccx` sub-command. It is killed when this value goes.
pub(crate) struct Workload {
    child: Child,
    _config: Option<NamedTempFile>,
}

impl Workload {
    /// Starts `ccx COMMAND` with `config` and waits until `/readyz` at `listen` says yes.
    pub(crate) async fn start(
        command: &'static str,
        config: &Config,
        listen: SocketAddr,
    ) -> Result<Self, ProcessError> {
        let mut workload = Self::spawn(command, config)?;
        let url = format!("http://{listen}/readyz");
        let deadline = Instant::now() + READY_TIMEOUT;
        while Instant::now() < deadline && workload.child.try_wait().is_ok_and(|status| status.is_none()) {
            if reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(workload);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        NotReadySnafu { command }.fail()
    }

    /// Starts `ccx COMMAND` with `config`.
    pub(crate) fn spawn(command: &'static str, config: &Config) -> Result<Self, ProcessError> {
        let file = NamedTempFile::with_suffix(".toml").context(WriteConfigSnafu)?;
        let text = toml::to_string(config).unwrap_or_default();
        fs::write(file.path(), text).context(WriteConfigSnafu)?;
        let program = program();
        let secrets = [
            ("CCX__DATABASE__PASSWORD", config.database.password.as_ref()),
            ("CCX__OBJECT_STORAGE__SECRET_ACCESS_KEY", config.object_storage.secret_access_key.as_ref()),
        ];
        let child = Command::new(&program)
            .arg("--config")
            .arg(file.path())
            .arg(command)
            // The file shows secrets as asterisks.
            .envs(secrets.into_iter().filter_map(|(name, secret)| Some((name, secret?.expose()))))
            .stdout(Stdio::null())
            .stderr(if std::env::var_os("CCX_BENCH_LOGS").is_some() {
                Stdio::inherit()
            } else {
                Stdio::null()
            })
            .spawn()
            .context(StartSnafu { program })?;
        Ok(Self { child, _config: Some(file) })
    }

    /// Starts this program as a server that always answers the same bytes.
    pub(crate) fn start_static_server(listen: SocketAddr) -> Result<Self, ProcessError> {
        let program = std::env::current_exe().context(WriteConfigSnafu)?;
        let child = Command::new(&program)
            .arg("--serve-static")
            .arg(listen.to_string())
            .spawn()
            .context(StartSnafu { program })?;
        Ok(Self { child, _config: None })
    }

    /// Processor time that the process has used.
    pub(crate) fn cpu_time(&self) -> Result<Duration, ProcessError> {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path).ok().context(ProcSnafu { path: &path })?;
        // The command's name, in parentheses, may contain anything; after it, user and system time are fields 12 and 13.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: Vec<u64> =
            after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        ensure!(ticks.len() == 2, ProcSnafu { path });
        Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 1000 / rustix::param::clock_ticks_per_second()))
    }

    /// Memory that the process has now, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64, ProcessError> {
        self.status_bytes("VmRSS:")
    }

    /// Memory that is the process's own, in bytes: without the pages of the program file, which processes of one program share.
    pub(crate) fn own_bytes(&self) -> Result<u64, ProcessError> {
        self.status_bytes("RssAnon:")
    }

    /// Most memory that the process has had, in bytes.
    pub(crate) fn peak_resident_bytes(&self) -> Result<u64, ProcessError> {
        self.status_bytes("VmHWM:")
    }

    fn status_bytes(&self, field: &str) -> Result<u64, ProcessError> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).ok().context(ProcSnafu { path: &path })?;
        let line =
            status.lines().find_map(|line| line.strip_prefix(field)).context(ProcSnafu { path: &path })?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().ok().context(ProcSnafu { path })?;
        Ok(kib * 1024)
    }
}

impl Drop for Workload {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `ccx` beside this program, or what `CCX_BIN` says.
fn program() -> PathBuf {
    let beside = || std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("ccx")));
    std::env::var_os("CCX_BIN").map(PathBuf::from).or_else(beside).unwrap_or_else(|| "ccx".into())
}

/// A loopback address that nothing listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// Lets a process come to rest before its memory is read.
pub(crate) fn settle() {
    thread::sleep(Duration::from_secs(2));
}
