//! One Python process.

use std::{
    collections::VecDeque,
    env,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ccx_config::InsightsCore;
use rustix::process::{Pid, Signal, kill_process_group};
use snafu::{ResultExt, ensure};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};
use tracing::debug;

use crate::{
    AdapterError,
    error::{FailedSnafu, LoadSnafu, ProtocolSnafu, SpawnSnafu, TimedOutSnafu},
    frame,
    protocol::{Handshake, Load, PROTOCOL, Reply, Request, Response},
    recycling::Usage,
};

/// The source of the program. It is passed as an argument, so that it runs on a read-only file system.
const SCRIPT: &str = include_str!("../python/worker.py");

/// Grace period for a process to exit by itself.
const EXIT_TIMEOUT: Duration = Duration::from_secs(1);

/// Prefix of variables with the pipeline's configuration, which has secrets.
const OWN_VARIABLES: &str = "CCX__";

/// Lines of standard error that are kept for error messages, and the maximum bytes of each.
const LAST_LINES: usize = 5;
const MAX_LINE_BYTES: u64 = 500;

/// A Python process that has loaded the rules and waits for an archive.
pub(crate) struct Worker {
    pub(crate) handshake: Handshake,
    pub(crate) usage: Usage,
    child: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
    stderr: LastLines,
}

impl Worker {
    /// Starts a process and loads the rules in it.
    pub(crate) async fn start(settings: &InsightsCore) -> Result<Self, AdapterError> {
        let python = &settings.python;
        let mut child = command(python).spawn().context(SpawnSnafu { python })?;
        let (Some(requests), Some(replies), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("all three are piped");
        };
        let unknown =
            Handshake { protocol: 0, core: String::new(), rules: Vec::new(), files: None, rss_bytes: 0 };
        let mut worker = Self {
            handshake: unknown,
            usage: Usage { initial_rss_bytes: 0, rss_bytes: 0, archives: 0 },
            child,
            requests,
            replies: BufReader::new(replies),
            stderr: LastLines::new(stderr),
        };
        match worker.load(settings).await {
            Ok(()) => Ok(worker),
            Err(error) => {
                worker.kill().await;
                Err(error)
            }
        }
    }

    async fn load(&mut self, settings: &InsightsCore) -> Result<(), AdapterError> {
        let python = &settings.python;
        let reply = self.ask(&Request::Load(Load::from(settings)), settings.start_timeout).await;
        let handshake = match reply {
            Ok(Reply::Handshake(handshake)) => handshake,
            Ok(Reply::Failed(failed)) => return LoadSnafu { python, error: failed.error }.fail(),
            Ok(Reply::Response(_)) => {
                return LoadSnafu { python, error: "a reply to another request" }.fail();
            }
            Err(error @ AdapterError::Died { .. }) => {
                return LoadSnafu { python, error: error.to_string() }.fail();
            }
            Err(error) => return Err(error),
        };
        ensure!(handshake.protocol == PROTOCOL, ProtocolSnafu { theirs: handshake.protocol, ours: PROTOCOL });
        self.usage =
            Usage { initial_rss_bytes: handshake.rss_bytes, rss_bytes: handshake.rss_bytes, archives: 0 };
        self.handshake = handshake;
        Ok(())
    }

    /// Runs the rules on the archive in `folder`. After an error that [lost the worker](AdapterError::is_worker_lost) it must be
    /// killed.
    pub(crate) async fn run(&mut self, folder: &Path, within: Duration) -> Result<Response, AdapterError> {
        let id = u64::from(self.usage.archives);
        self.usage.archives += 1;
        match self.ask(&Request::Run { id, folder }, within).await? {
            Reply::Response(done) if done.id == id => {
                self.usage.rss_bytes = done.rss_bytes;
                Ok(done)
            }
            Reply::Failed(failed) if failed.id == Some(id) => {
                self.usage.rss_bytes = failed.rss_bytes;
                FailedSnafu { error: failed.error }.fail()
            }
            _ => Err(AdapterError::Died {
                stderr: self.stderr.text(),
                source: "it answered another request".into(),
            }),
        }
    }

    async fn ask(&mut self, request: &Request<'_>, within: Duration) -> Result<Reply, AdapterError> {
        let exchange = async {
            frame::write(&mut self.requests, request).await?;
            frame::read(&mut self.replies).await
        };
        match timeout(within, exchange).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => {
                // The last lines arrive by another pipe, which children of the process may keep open.
                let _ = timeout(EXIT_TIMEOUT, &mut self.stderr.reader).await;
                Err(AdapterError::died(error, self.stderr.text()))
            }
            Err(_) => TimedOutSnafu { timeout: within, stderr: self.stderr.text() }.fail(),
        }
    }

    /// Lets the process exit by itself, and kills it when it does not.
    pub(crate) async fn shut_down(mut self) {
        drop(self.requests);
        if timeout(EXIT_TIMEOUT, self.child.wait()).await.is_err() {
            end(&mut self.child).await;
        }
    }

    /// Kills the process and its children.
    pub(crate) async fn kill(mut self) {
        end(&mut self.child).await;
    }
}

fn command(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with(OWN_VARIABLES) {
            command.env_remove(name);
        }
    }
    command.process_group(0).kill_on_drop(true);
    command
}

async fn end(child: &mut Child) {
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    for signal in [Signal::TERM, Signal::KILL] {
        let Some(group) = group else { break };
        // It fails when all processes of the group have terminated.
        let _ = kill_process_group(group, signal);
        if timeout(EXIT_TIMEOUT, child.wait()).await.is_ok() {
            let _ = kill_process_group(group, Signal::KILL);
            return;
        }
    }
    let _ = child.wait().await;
}

/// The last lines of standard error. All lines are logged at level debug.
struct LastLines {
    lines: Arc<Mutex<VecDeque<String>>>,
    /// Completes when the pipe is closed.
    reader: JoinHandle<()>,
}

impl LastLines {
    fn new(stderr: ChildStderr) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let reader = tokio::spawn(keep_last(stderr, Arc::clone(&lines)));
        Self { lines, reader }
    }

    fn text(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join(" | ")
    }
}

async fn keep_last(stderr: ChildStderr, lines: Arc<Mutex<VecDeque<String>>>) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stderr).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        debug!(line = text, "python");
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(text);
    }
}
