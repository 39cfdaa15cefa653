//! Processes of the program under test.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
};

use ccx_test_support::{eventually, send_signal};

use crate::get;

/// The long-running programs of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `ccx pipeline`
    Pipeline = 0,
    /// `ccx db-writer`
    Writer = 1,
    /// `ccx aggregator`
    Aggregator = 2,
    /// `ccx ingress`
    Ingress = 3,
}

impl Program {
    /// The programs between an announcement and the REST API.
    pub const ALL: [Self; 3] = [Self::Pipeline, Self::Writer, Self::Aggregator];

    fn command(self) -> &'static str {
        match self {
            Self::Pipeline => "pipeline",
            Self::Writer => "db-writer",
            Self::Aggregator => "aggregator",
            Self::Ingress => "ingress",
        }
    }
}

/// The response of `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// All dependencies are met.
    Ready,
    /// Some are not, with the reasons.
    NotReady(String),
    /// No response.
    Silent,
}

/// A process of a program; killed when it is dropped. If the test fails, the end of its log is printed.
#[derive(Debug)]
pub struct Workload {
    program: Program,
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Workload {
    pub(crate) fn start(
        program: Program,
        settings: &[(String, String)],
        port: u16,
        folder: &Path,
        name: &str,
    ) -> Self {
        let log = folder.join(format!("{name}-{}.log", program.command()));
        let stderr = File::options().create(true).append(true).open(&log).expect("a log in our own folder");
        let child = ccx(&[program.command()], settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("ccx starts");
        Self { program, child, port, log }
    }

    /// Returns the response of `/readyz`.
    pub fn readiness(&self) -> Readiness {
        match get(self.port, "/readyz", &[]) {
            Some(answer) if answer.status == 200 => Readiness::Ready,
            Some(answer) => Readiness::NotReady(answer.body),
            None => Readiness::Silent,
        }
    }

    /// Waits until it is ready.
    pub fn wait_until_ready(&mut self) {
        eventually(&format!("{:?} is ready", self.program), || {
            self.assert_running();
            match self.readiness() {
                Readiness::Ready => Ok(()),
                other => Err(other),
            }
        });
    }

    /// Waits until it is not ready, and returns the reasons.
    pub fn wait_until_unready(&mut self) -> String {
        eventually(&format!("{:?} is not ready", self.program), || {
            self.assert_running();
            match self.readiness() {
                Readiness::NotReady(reasons) => Ok(reasons),
                other => Err(other),
            }
        })
    }

    /// Returns whether `/livez` succeeds.
    pub fn is_live(&self) -> bool {
        get(self.port, "/livez", &[]).is_some_and(|answer| answer.status == 200)
    }

    /// The most memory that the process has had resident, in bytes (`VmHWM`, proc(5)).
    pub fn peak_memory_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
    }

    /// Sends SIGTERM, as Kubernetes does, and waits for the end of the process.
    pub fn terminate(mut self) -> ExitStatus {
        assert!(send_signal("TERM", &self.child.id()), "{:?} has ended before it was asked to", self.program);
        eventually(&format!("the end of {:?}", self.program), || {
            self.child.try_wait().expect("our own child").ok_or("still running")
        })
    }

    /// Sends SIGKILL.
    pub fn kill(&mut self) {
        self.assert_running();
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }

    fn assert_running(&mut self) {
        let ended = self.child.try_wait().expect("our own child");
        assert_eq!(ended, None, "{:?} has ended unexpectedly", self.program);
    }
}

impl Drop for Workload {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n");
            eprintln!("--- the end of the log of {:?} ---\n{tail}", self.program);
        }
    }
}

const LOG_TAIL_LINES: usize = 40;

/// Runs a command of `ccx` to its end, and returns its standard output.
///
/// # Panics
/// If it fails.
pub fn run(arguments: &[&str], settings: &[(String, String)]) -> String {
    let output = ccx(arguments, settings).stdin(Stdio::null()).output().expect("ccx starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ccx {arguments:?}: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Returns the command of the program under test, with these variables and without those of the caller.
fn ccx(arguments: &[&str], settings: &[(String, String)]) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in env::vars_os() {
        let is_ours = name.to_string_lossy().starts_with("CCX__");
        if is_ours {
            command.env_remove(name);
        }
    }
    command.args(arguments).envs(settings.iter().map(|(name, value)| (name, value)));
    command
}

/// Returns whether the program under test is a debug build: those are in a folder of that name.
pub fn is_debug_build() -> bool {
    binary().parent().is_some_and(|folder| folder.ends_with("debug"))
}

/// Returns `CCX_BIN`, or the program that was built with this test: `target/debug/ccx` and
/// `target/debug/deps/<test>`.
fn binary() -> PathBuf {
    if let Some(path) = env::var_os("CCX_BIN") {
        return path.into();
    }
    let test = env::current_exe().expect("the path of this test");
    let folder = test.ancestors().nth(2).expect("the test is in target/debug/deps");
    let binary = folder.join("ccx");
    assert!(binary.exists(), "{} is not built: run `make test`, or set CCX_BIN", binary.display());
    binary
}
