//! Kafka, S3 and PostgreSQL, by the scripts in `hack/`.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    panic::resume_unwind,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
};

use ccx_test_support::free_port;

const LOOPBACK: &str = "127.0.0.1";

/// The user of all servers.
pub const USER: &str = "ccx";
/// The password of [`USER`].
pub const PASSWORD: &str = "ccx-secret";
/// The existing bucket.
pub const BUCKET: &str = "insights-upload";

/// One server on a port of its own.
#[derive(Debug)]
pub struct Server {
    script: PathBuf,
    settings: Vec<(&'static str, String)>,
    /// The port that it listens on.
    pub port: u16,
}

/// The servers of one test file. They stop when its process terminates, even when it is killed.
#[derive(Debug)]
pub struct Servers {
    /// The broker; its listener with authentication is at [`Servers::sasl_port`].
    pub kafka: Server,
    /// The port of Kafka's listener with authentication.
    pub sasl_port: u16,
    /// The S3 service.
    pub object_storage: Server,
    /// The database server.
    pub postgres: Server,
    folder: PathBuf,
    _keeper: Child,
}

static SERVERS: OnceLock<Servers> = OnceLock::new();

impl Servers {
    /// Returns the running servers.
    ///
    /// # Panics
    /// On a machine that can't run them.
    pub fn start() -> &'static Self {
        Self::start_at(LOOPBACK)
    }

    /// Returns the running servers, with Kafka and S3 at another address of this machine.
    pub fn start_at(host: &str) -> &'static Self {
        SERVERS.get_or_init(|| Self::start_all(host))
    }

    fn start_all(host: &str) -> Self {
        let servers = Self::prepare(host);
        thread::scope(|scope| {
            let starts = servers.all().map(|server| scope.spawn(|| server.call("up")));
            for start in starts {
                start.join().unwrap_or_else(|panic| resume_unwind(panic));
            }
        });
        servers
    }

    /// Chooses folders and ports for all three, and starts none.
    fn prepare(host: &str) -> Self {
        let folder =
            tempfile::Builder::new().prefix("ccx-e2e.").tempdir().expect("a temporary folder").keep();
        // PostgreSQL may run as another user, which needs access to its data.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("our own folder");
        let [kafka, sasl, control, object_storage, postgres] = std::array::from_fn(|_| free_port());
        let kafka = kafka_server(&folder, host, [kafka, sasl, control]);
        let object_storage = s3_server(&folder, host, object_storage);
        let postgres = postgres_server(&folder, postgres);
        let keeper = spawn_keeper(&folder, [&kafka, &object_storage, &postgres]);
        Self { kafka, sasl_port: sasl, object_storage, postgres, folder, _keeper: keeper }
    }

    fn all(&self) -> [&Server; 3] {
        [&self.kafka, &self.object_storage, &self.postgres]
    }

    /// Returns the folder for files of the tests.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn kafka_server(folder: &Path, host: &str, [port, sasl_port, control_port]: [u16; 3]) -> Server {
    Server::new(
        "kafka.sh",
        port,
        vec![
            ("KAFKA_HOST", host.to_owned()),
            ("KAFKA_PORT", port.to_string()),
            ("KAFKA_SASL_PORT", sasl_port.to_string()),
            ("KAFKA_CTL_PORT", control_port.to_string()),
            ("KAFKA_USER", USER.into()),
            ("KAFKA_PASSWORD", PASSWORD.into()),
            ("KAFKA_DATA", path(folder, "kafka")),
        ],
    )
}

fn s3_server(folder: &Path, host: &str, port: u16) -> Server {
    Server::new(
        "s3.sh",
        port,
        vec![
            ("S3_HOST", host.to_owned()),
            ("S3_PORT", port.to_string()),
            ("S3_ACCESS_KEY_ID", USER.into()),
            ("S3_SECRET_ACCESS_KEY", PASSWORD.into()),
            ("S3_BUCKET", BUCKET.into()),
            ("S3_DATA", path(folder, "s3")),
        ],
    )
}

fn postgres_server(folder: &Path, port: u16) -> Server {
    Server::new(
        "postgres.sh",
        port,
        vec![
            ("POSTGRES_PORT", port.to_string()),
            ("POSTGRES_PASSWORD", PASSWORD.into()),
            ("POSTGRES_DATA", path(folder, "postgres")),
        ],
    )
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

impl Server {
    fn new(script: &str, port: u16, settings: Vec<(&'static str, String)>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hack").join(script);
        Self { script, settings, port }
    }

    /// Starts it again.
    pub fn up(&self) {
        self.call("up");
    }

    /// Stops it, and keeps its data.
    pub fn down(&self) {
        self.call("down");
    }

    /// Suspends it: it accepts connections and never answers.
    pub fn pause(&self) {
        self.call("pause");
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.call("resume");
    }

    fn call(&self, command: &str) {
        let output = self.command(&[command]).output().expect("bash runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {command}: {}\n{stderr}", self.script.display(), output.status);
    }

    /// Returns the command of the script with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("bash");
        command.arg(&self.script).args(arguments).envs(self.environment()).stdin(Stdio::null());
        command
    }

    fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// Removes the servers and their folder when its standard input closes: when this process terminates, even
/// when it is killed.
const KEEPER: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
for script; do bash "$script" wipe & done
wait
rm -rf "$0"
"#;

fn spawn_keeper(folder: &Path, servers: [&Server; 3]) -> Child {
    Command::new("bash")
        .args(["-c", KEEPER])
        .arg(folder)
        .args(servers.map(|server| &server.script))
        .envs(servers.into_iter().flat_map(Server::environment))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("bash runs")
}
