//! Kafka, S3 and PostgreSQL, by the scripts in `hack/`.

use std::{
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

use crate::ports::free_port;

/// With this code the scripts say that a program is not installed.
const NOT_INSTALLED: i32 = 69;

/// Who the servers let in, with which password.
pub(crate) const USER: &str = "ccx";
pub(crate) const PASSWORD: &str = "ccx-secret";
pub(crate) const BUCKET: &str = "insights-upload";

/// One server on a port of its own. It goes away with its value, and also when the test is killed.
#[derive(Debug)]
pub struct Server {
    script: PathBuf,
    settings: Vec<(&'static str, String)>,
    /// Where it listens.
    pub port: u16,
    keeper: Child,
}

/// The servers of one test file.
#[derive(Debug)]
pub struct Servers {
    /// The broker; its second door, with passwords, is at [`Servers::sasl_port`].
    pub kafka: Server,
    /// Where Kafka wants a user and a password.
    pub sasl_port: u16,
    /// The S3 service.
    pub object_storage: Server,
    /// The database server.
    pub postgres: Server,
    /// Of the servers' data, and of the programs' logs. Removed last.
    folder: TempDir,
}

impl Servers {
    /// Starts all three; `None`, loudly, on a machine that can't.
    ///
    /// # Panics
    /// With `CI=true` on such a machine: there, a test that does not run is one that failed.
    pub fn start() -> Option<Self> {
        let servers = Self::prepare();
        let outcomes = thread::scope(|scope| {
            servers.all().map(|server| scope.spawn(|| server.call("up"))).map(|up| up.join().expect("no panic"))
        });
        for outcome in outcomes {
            if let Err(NotInstalled(what)) = outcome {
                give_up(&what);
                return None;
            }
        }
        Some(servers)
    }

    /// Chooses folders and ports for all three, and starts none.
    fn prepare() -> Self {
        let folder = tempfile::Builder::new().prefix("ccx-e2e.").tempdir().expect("a temporary folder");
        let data = |name: &str| folder.path().join(name).display().to_string();
        let [kafka, sasl_port, control, object_storage, postgres] = std::array::from_fn(|_| free_port());
        // The server's own user must get through to its data.
        open_folder(folder.path());
        Self {
            kafka: Server::new(
                "kafka.sh",
                kafka,
                vec![
                    ("KAFKA_PORT", kafka.to_string()),
                    ("KAFKA_SASL_PORT", sasl_port.to_string()),
                    ("KAFKA_CTL_PORT", control.to_string()),
                    ("KAFKA_USER", USER.into()),
                    ("KAFKA_PASSWORD", PASSWORD.into()),
                    ("KAFKA_DATA", data("kafka")),
                ],
            ),
            sasl_port,
            object_storage: Server::new(
                "s3.sh",
                object_storage,
                vec![
                    ("S3_PORT", object_storage.to_string()),
                    ("S3_ACCESS_KEY_ID", USER.into()),
                    ("S3_SECRET_ACCESS_KEY", PASSWORD.into()),
                    ("S3_BUCKET", BUCKET.into()),
                    ("S3_DATA", data("s3")),
                ],
            ),
            postgres: Server::new(
                "postgres.sh",
                postgres,
                vec![
                    ("POSTGRES_PORT", postgres.to_string()),
                    ("POSTGRES_PASSWORD", PASSWORD.into()),
                    ("POSTGRES_DATA", data("postgres")),
                ],
            ),
            folder,
        }
    }

    fn all(&self) -> [&Server; 3] {
        [&self.kafka, &self.object_storage, &self.postgres]
    }

    /// For files of the tests.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

struct NotInstalled(String);

impl Server {
    fn new(script: &str, port: u16, settings: Vec<(&'static str, String)>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hack").join(script);
        let keeper = spawn_keeper(&script, &settings);
        Self { script, settings, port, keeper }
    }

    /// Starts it again.
    pub fn up(&self) {
        self.must("up");
    }

    /// Stops it; what it stored stays.
    pub fn down(&self) {
        self.must("down");
    }

    /// Lets it hang: it takes connections and never answers.
    pub fn pause(&self) {
        self.must("pause");
    }

    /// The end of a pause.
    pub fn resume(&self) {
        self.must("resume");
    }

    fn must(&self, command: &str) {
        if let Err(NotInstalled(what)) = self.call(command) {
            panic!("{what}");
        }
    }

    fn call(&self, command: &str) -> Result<(), NotInstalled> {
        let output = self.command(&[command]).output().expect("bash runs");
        if output.status.success() {
            return Ok(());
        }
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if output.status.code() == Some(NOT_INSTALLED) {
            return Err(NotInstalled(stderr));
        }
        panic!("{} {command}: {}\n{stderr}", self.script.display(), output.status);
    }

    /// The script with arguments of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        script_command(&self.script, &self.settings, arguments)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn script_command(script: &Path, settings: &[(&'static str, String)], arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    command.arg(script).args(arguments).envs(settings.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
    command
}

/// A process that removes the server when our end of its input closes: at the latest when we end, however that happens.
fn spawn_keeper(script: &Path, settings: &[(&'static str, String)]) -> Child {
    Command::new("bash")
        .args(["-c", "trap '' INT TERM HUP; cat >/dev/null; exec bash \"$0\" wipe"])
        .arg(script)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("bash runs")
}

fn open_folder(folder: &Path) {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("our own folder");
}

fn give_up(what: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{what}");
    // Not by `eprintln!`: the test runner would keep that to itself, since the test passes.
    let _ = writeln!(io::stderr(), "\n*** SKIPPED {}: {what}\n", thread::current().name().unwrap_or("a test"));
}
