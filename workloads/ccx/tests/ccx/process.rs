//! Runs the program under test.

use std::{
    ffi::OsStr,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use ccx_test_support::eventually_within;

/// The timeout of the program: far more than it needs, as test machines are busy.
const TIMEOUT: Duration = Duration::from_mins(4);

/// The exit code and output of a program.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Returns the program with these arguments, without our variables in its environment.
pub(crate) fn ccx<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ccx"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CCX_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let mut program = ChildGuard(command.spawn().expect("the program starts"));
    let child = &mut program.0;
    let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let code = wait(child).code();
    let text = |reader: thread::JoinHandle<String>| reader.join().expect("the output is read");
    Outcome { code, stdout: text(stdout), stderr: text(stderr) }
}

/// Kills the program when it is dropped, so that a failed test leaves no process.
pub(crate) struct ChildGuard(pub(crate) Child);

impl Drop for ChildGuard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the end of the program.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    eventually_within(TIMEOUT, "the program ends", || {
        child.try_wait().expect("the program can be waited for")
    })
}

/// Reads a pipe to its end, so that the program never blocks on a full pipe.
pub(crate) fn reader(pipe: Option<impl std::io::Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
