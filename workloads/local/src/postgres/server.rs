//! The server process, and the shell that stops it.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use snafu::{ResultExt as _, ensure};

use super::{
    Durability,
    cluster::Cluster,
    error::{FileSnafu, PortSnafu, PostgresError, SlowSnafu, SpawnSnafu, StartSnafu},
};
use crate::{folder::SpawnInOwnGroup as _, port::free_port};

/// A shell script that runs a server until its input ends or has a line, then signals the server repeatedly,
/// since a starting server ignores the signal. A line means that the data will be used again.
///
/// The input is a pipe from this process; the kernel closes it when the process ends, even by SIGKILL. The
/// parent-death signal is not sufficient: it is sent when the *thread* that started the server ends, and
/// macOS has none.
const WATCHER: &str = r#"
PATH=$PATH:/usr/bin:/bin
exec 3<&0
signal=$1
shift
"$@" </dev/null 3<&- &
server=$!
(
  if read -r _ <&3; then signal=INT; fi
  while kill -s "$signal" "$server"; do sleep 0.1; done
) 2>/dev/null &
watcher=$!
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"#;

/// Timeout of a start: enough for crash recovery on a busy machine.
const START_TIMEOUT: Duration = Duration::from_mins(2);

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Attempts with other ports when another process has taken the chosen one.
const PORT_ATTEMPTS: usize = 5;

/// Maximum number of log lines in an error.
const SHOWN_LOG_LINES: usize = 5;

/// Settings of every server: small, on loopback only.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=64MB",
    // Many tests at once, each with a pool.
    "max_connections=300",
    "log_checkpoints=off",
];

/// Settings of a server whose data may be lost.
const FAST_SETTINGS: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// A running server. Dropping it stops the server asynchronously.
#[derive(Debug)]
pub(super) struct Server {
    watcher: Child,
    port: u16,
}

impl Server {
    /// Starts the server on a free port.
    pub(super) fn start_on_free_port(
        cluster: &Cluster,
        durability: Durability,
    ) -> Result<Self, PostgresError> {
        let mut attempt = 1;
        loop {
            let port = free_port().context(PortSnafu)?;
            match Self::start(cluster, durability, port) {
                Err(PostgresError::Start { log })
                    if log.contains("Address already in use") && attempt < PORT_ATTEMPTS =>
                {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Starts the server and waits until it accepts connections.
    pub(super) fn start(cluster: &Cluster, durability: Durability, port: u16) -> Result<Self, PostgresError> {
        let log =
            fs::File::create(&cluster.log).context(FileSnafu { action: "create", path: &cluster.log })?;
        let log_of_errors = log.try_clone().context(FileSnafu { action: "open", path: &cluster.log })?;
        let watcher = Command::new("/bin/sh")
            .args(["-c", WATCHER, "ccx-postgres", final_signal(durability)])
            .args(command_line(cluster, durability, port))
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(log_of_errors)
            .spawn_in_own_group()
            .context(SpawnSnafu { program: "/bin/sh" })?;
        let mut server = Self { watcher, port };
        server.wait_until_ready(cluster)?;
        Ok(server)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server, whose data are not used again, and waits for its end.
    pub(super) fn stop(mut self) {
        self.wait();
    }

    /// Stops the server so that another one can use its data, and waits for its end.
    pub(super) fn pause(mut self) {
        let told = self.watcher.stdin.take().map(|mut input| input.write_all(b"\n"));
        if let Some(Err(error)) = told {
            tracing::warn!(%error, "failed to signal PostgreSQL's watcher to stop it");
        }
        self.wait();
    }

    /// Closes the shell's input, which makes it stop the server, and waits for its end.
    fn wait(&mut self) {
        if let Err(error) = self.watcher.wait() {
            tracing::warn!(%error, "failed to wait for the end of PostgreSQL");
        }
    }

    fn wait_until_ready(&mut self, cluster: &Cluster) -> Result<(), PostgresError> {
        let pid_file = cluster.data.join("postmaster.pid");
        let deadline = Instant::now() + START_TIMEOUT;
        while !says_ready(&fs::read_to_string(&pid_file).unwrap_or_default(), self.port) {
            let has_ended = self
                .watcher
                .try_wait()
                .context(SpawnSnafu { program: &cluster.binaries.postgres })?
                .is_some();
            ensure!(!has_ended, StartSnafu { log: end_of(&cluster.log) });
            let is_late = Instant::now() > deadline;
            ensure!(!is_late, SlowSnafu { seconds: START_TIMEOUT.as_secs(), log: end_of(&cluster.log) });
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

/// Returns the signal that stops a server: SIGINT in order, or SIGQUIT at once, for data that are not used
/// again.
fn final_signal(durability: Durability) -> &'static str {
    match durability {
        Durability::Kept => "INT",
        Durability::Lost => "QUIT",
    }
}

fn command_line(cluster: &Cluster, durability: Durability, port: u16) -> Vec<String> {
    let fast: &[&str] = match durability {
        Durability::Kept => &[],
        Durability::Lost => &FAST_SETTINGS,
    };
    let mut line = cluster.account.command(&cluster.binaries.postgres);
    line.extend(["-D".into(), cluster.data.display().to_string(), "-c".into(), format!("port={port}")]);
    for setting in SETTINGS.iter().chain(fast) {
        line.extend(["-c".into(), (*setting).to_owned()]);
    }
    line
}

/// Returns whether `postmaster.pid` belongs to the server on `port` and states that it accepts connections:
/// the fourth line is the port, the eighth the state.
fn says_ready(pid_file: &str, port: u16) -> bool {
    let lines: Vec<&str> = pid_file.lines().map(str::trim).collect();
    lines.get(3) == Some(&port.to_string().as_str()) && lines.get(7) == Some(&"ready")
}

fn end_of(log: &Path) -> String {
    let text = fs::read(PathBuf::from(log))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LOG_LINES)..].join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_is_ready_by_its_own_pid_file() {
        let file =
            |port: u16, state: &str| format!("42\n/data\n1700000000\n{port}\n\n127.0.0.1\n  1 2\n{state}\n");
        assert!(says_ready(&file(5433, "ready   "), 5433));
        assert!(!says_ready(&file(5433, "starting"), 5433));
        assert!(!says_ready(&file(5432, "ready   "), 5433), "that is another server's");
        assert!(!says_ready("42\n/data", 5433));
    }
}
