//! The settings and hooks of the managed database, with a real PostgreSQL.

use std::{
    fs,
    io::Write as _,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use ccx_operator::model::{component::Component, kind::Kind};
use ccx_test_support::{eventually, free_port, send_signal};
use serde_json::{Value, json};

use crate::sample::{children, container, object};

/// The user of the pod, for tests that root runs: PostgreSQL refuses root.
const USER: u32 = 65534;

/// The mount paths of the pod.
const MOUNTS: &str = "/etc/ccx";

/// A server with the arguments of the pod, in a temporary folder instead of its mounts.
struct Server {
    folder: PathBuf,
    port: u16,
    process: Child,
}

impl Server {
    fn start() -> Self {
        let folder =
            std::env::temp_dir().join(format!("ccx-database-{}-{}", std::process::id(), free_port()));
        let mut server = Self { port: free_port(), process: Command::new("true").spawn().unwrap(), folder };
        server.make_mounts();
        let (pod, data) = (container(&children(&json!({})), Component::Database), server.folder.join("data"));
        let initialized = server
            .program("initdb")
            .args(["--username=ccx", "--auth-local=trust", "--no-sync", "--pgdata"])
            .arg(&data)
            .args(variable(&pod, "POSTGRES_INITDB_ARGS").split(' '))
            .arg("--pwfile")
            .arg(server.folder.join("password"))
            .output()
            .unwrap();
        assert!(initialized.status.success(), "{initialized:?}");
        // As the entry point of the image.
        let mut rules = fs::OpenOptions::new().append(true).open(data.join("pg_hba.conf")).unwrap();
        rules.write_all(b"host all all all scram-sha-256\n").unwrap();
        let arguments = pod["args"]
            .as_array()
            .unwrap()
            .iter()
            .skip(1)
            .map(|argument| argument.as_str().unwrap().replace(MOUNTS, server.folder.to_str().unwrap()));
        let process = server
            .program("postgres")
            .args(arguments)
            .args(["-p", &server.port.to_string(), "-k"])
            .arg(&server.folder)
            .env("PGDATA", &data)
            .stderr(fs::File::create(server.folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        server.process = process;
        eventually("the server is ready", || {
            server
                .program("pg_isready")
                .args(["-h", "127.0.0.1", "-p", &server.port.to_string()])
                .output()
                .unwrap()
                .status
                .success()
        });
        server
    }

    /// Writes what the pod mounts, as its user.
    fn make_mounts(&self) {
        let children = children(&json!({}));
        let access = object(&children, Kind::ConfigMap, "ccx-data-pipeline-db")["data"].clone();
        let certificate = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let files = [
            ("database-access/pg_hba.conf", access["pg_hba.conf"].as_str().unwrap().to_owned()),
            ("database-tls/tls.crt", pem("CERTIFICATE", certificate.cert.der())),
            ("database-tls/tls.key", pem("PRIVATE KEY", &certificate.signing_key.serialize_der())),
            ("password", "password".to_owned()),
        ];
        for (path, content) in files {
            let path = self.folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        if is_root() {
            let owned = Command::new("chown").args(["-R", &USER.to_string()]).arg(&self.folder).status();
            assert!(owned.unwrap().success());
        }
    }

    /// Returns a command of PostgreSQL, as the user of the pod.
    fn program(&self, name: &str) -> Command {
        as_user(Command::new(program(name)), &self.folder)
    }

    fn psql(&self, host: &str, options: &str) -> Command {
        let connection = format!("host={host} port={} user=ccx dbname=postgres {options}", self.port);
        let mut psql = self.program("psql");
        psql.args(["--no-psqlrc", "--tuples-only", "--no-align", &connection]).env("PGPASSWORD", "password");
        psql
    }

    /// Returns whether the session is encrypted.
    fn session(&self, host: &str, options: &str) -> Result<String, String> {
        let query = "--command=SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let Output { status, stdout, stderr } = self.psql(host, options).arg(query).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
        if status.success() { Ok(text(stdout)) } else { Err(text(stderr)) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn pem(tag: &str, der: &[u8]) -> String {
    pem::encode(&pem::Pem::new(tag, der))
}

fn is_root() -> bool {
    Path::new("/root").metadata().is_ok() && fs::read_dir("/root").is_ok()
}

fn as_user(mut command: Command, folder: &Path) -> Command {
    if is_root() {
        command.uid(USER).gid(USER);
    }
    // Clients look for certificates there.
    command.current_dir(folder).env("HOME", folder);
    command
}

/// Finds a program of PostgreSQL: those of the server may be in a folder that is not in PATH, and clients in another one.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = versions.map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).chain(folders).map(|folder| folder.join(name));
    let mut found = found.filter_map(|program| program.canonicalize().ok());
    // A wrapper of Debian would look for clusters of its own.
    found.find(|program| !program.ends_with("pg_wrapper")).expect("PostgreSQL is installed")
}

fn variable(container: &Value, name: &str) -> String {
    let variables = container["env"].as_array().unwrap();
    let found = variables.iter().find(|variable| variable["name"] == name).unwrap();
    found["value"].as_str().unwrap().to_owned()
}

#[test]
fn database_accepts_encrypted_connections_and_its_own_pod_only() {
    let server = Server::start();
    let refused = server.session("127.0.0.1", "sslmode=disable").unwrap_err();
    assert!(refused.contains("no encryption"), "{refused}");
    assert_eq!(server.session("127.0.0.1", "sslmode=require"), Ok("t".into()));
    assert_eq!(server.session("127.0.0.1", ""), Ok("t".into()), "the default of clients");
    let wrong = server.psql("127.0.0.1", "sslmode=require").env("PGPASSWORD", "wrong").output().unwrap();
    assert!(!wrong.status.success());
    let socket = server.folder.to_str().unwrap().to_owned();
    assert_eq!(server.session(&socket, ""), Ok("f".into()), "the hook that sets the password");
}

#[test]
fn database_with_sessions_stops_at_once_before_its_next_start() {
    let mut server = Server::start();
    let mut session =
        server.psql("127.0.0.1", "").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    eventually("a session", || {
        let count =
            "--command=SELECT count(*) > 1 FROM pg_stat_activity WHERE backend_type = 'client backend'";
        let found = server.psql("127.0.0.1", "").arg(count).output().unwrap();
        String::from_utf8(found.stdout).unwrap().trim() == "t"
    });
    let pod = container(&children(&json!({})), Component::Database);
    let hook = pod["lifecycle"]["preStop"]["exec"]["command"].as_array().unwrap().clone();
    let hook: Vec<&str> = hook.iter().map(|part| part.as_str().unwrap()).collect();
    let mut stop = as_user(Command::new(hook[0]), &server.folder);
    assert!(stop.args(&hook[1..]).env("PGDATA", server.folder.join("data")).status().unwrap().success());
    send_signal("TERM", &server.process.id());
    let stopping = Instant::now();
    let status = eventually("the end", || server.process.try_wait().unwrap());
    assert!(stopping.elapsed() < Duration::from_secs(20) && status.success(), "{status}");
    let log = fs::read_to_string(server.folder.join("log")).unwrap();
    assert!(log.contains("fast shutdown") && log.contains("database system is shut down"), "{log}");
    let _ = session.kill();
    let _ = session.wait();
}
