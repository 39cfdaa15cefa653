//! Topics, a database and settings of one test.

use std::path::PathBuf;

use ccx_test_support::{free_port, kafka::Topic};

use crate::{
    Server, Servers, Tables,
    server::{BUCKET, PASSWORD, USER},
    workload::{Program, Workload},
};

/// How a program authenticates to Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KafkaAccess {
    /// Without authentication.
    Open,
    /// With user and password, by SCRAM-SHA-512.
    Sasl,
    /// With a wrong password.
    WrongPassword,
}

/// The settings of a pipeline, a writer and an aggregator, and the data that they have stored.
#[derive(Debug)]
pub struct TestEnv {
    servers: &'static Servers,
    name: &'static str,
    settings: Vec<(String, String)>,
    ports: [u16; 4],
}

impl TestEnv {
    /// Creates topics with one partition each and an empty database, all named after `name`.
    pub fn new(servers: &'static Servers, name: &'static str) -> Self {
        let env = Self::without_database(servers, name);
        env.tables().create_database();
        env.run(&["migrate", "latest"]);
        env
    }

    /// Creates the topics only: announcements stay there until a test reads them.
    pub fn without_database(servers: &'static Servers, name: &'static str) -> Self {
        let ports = std::array::from_fn(|_| free_port());
        let env = Self { servers, name, settings: settings(servers, name, ports), ports };
        env.run(&["topics", "ensure", "--partitions", "1", "--replication-factor", "1"]);
        env
    }

    /// Changes one key of the configuration, for programs that start from now on.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.push((variable(key), value.into()));
        self
    }

    /// Starts a program that needs no authentication to Kafka.
    pub fn start(&self, program: Program) -> Workload {
        self.start_with(KafkaAccess::Open, program)
    }

    /// Starts a program.
    pub fn start_with(&self, door: KafkaAccess, program: Program) -> Workload {
        let mut settings = self.settings.clone();
        settings.extend(door.settings(self.servers));
        Workload::start(program, &settings, self.port(program), self.servers.folder(), self.name)
    }

    /// Runs a command of `ccx` to its end, and returns its standard output.
    ///
    /// # Panics
    /// If it fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        crate::run(arguments, &self.settings)
    }

    /// Returns the port of a program's health, metrics and API.
    pub fn port(&self, program: Program) -> u16 {
        self.ports[program as usize]
    }

    /// Returns the topic of announcements.
    pub fn announcements(&self) -> Topic {
        self.topic("announce")
    }

    /// Returns the topic of results.
    pub fn results(&self) -> Topic {
        self.topic("results")
    }

    /// Returns the topic of payload statuses.
    pub fn payload_status(&self) -> Topic {
        self.topic("status")
    }

    /// Returns the dead letters of the pipeline.
    pub fn announce_dead_letters(&self) -> Topic {
        self.topic("announce-dlq")
    }

    /// Returns the dead letters of the writer.
    pub fn results_dead_letters(&self) -> Topic {
        self.topic("results-dlq")
    }

    /// Returns the tables of the database.
    pub fn tables(&self) -> Tables {
        Tables::new(&self.servers.postgres, self.name)
    }

    /// Checks that both groups have committed all messages of their topics.
    pub fn is_drained(&self) -> Result<(), String> {
        self.announcements().is_consumed_by(&group(self.name, "pipeline"))?;
        self.results().is_consumed_by(&group(self.name, "writer"))
    }

    /// Returns the folder for files of the test.
    pub fn folder(&self) -> PathBuf {
        let folder = self.servers.folder().join(self.name);
        std::fs::create_dir_all(&folder).expect("a folder in our own");
        folder
    }

    fn topic(&self, kind: &str) -> Topic {
        Topic::new(self.servers.kafka.port, topic_name(self.name, kind))
    }
}

impl KafkaAccess {
    fn settings(self, servers: &Servers) -> Vec<(String, String)> {
        let password = match self {
            Self::Open => return Vec::new(),
            Self::Sasl => PASSWORD,
            Self::WrongPassword => "guessed",
        };
        [
            ("kafka.bootstrap_servers", address(servers.sasl_port)),
            ("kafka.security_protocol", "sasl-plaintext".into()),
            ("kafka.sasl_mechanism", "SCRAM-SHA-512".into()),
            ("kafka.sasl_username", USER.into()),
            ("kafka.sasl_password", password.into()),
        ]
        .map(|(key, value)| (variable(key), value))
        .into()
    }
}

fn settings(
    servers: &Servers,
    name: &str,
    [pipeline, writer, aggregator, ingress]: [u16; 4],
) -> Vec<(String, String)> {
    let Servers { kafka, object_storage, postgres, .. } = servers;
    let endpoint = |server: &Server| format!("http://{}", address(server.port));
    [
        ("kafka.bootstrap_servers", address(kafka.port)),
        // A killed member is detected soon, so that its successor does not wait.
        ("kafka.session_timeout", "3s".into()),
        ("kafka.properties.heartbeat.interval.ms", "300".into()),
        ("kafka.topics.announce", topic_name(name, "announce")),
        ("kafka.topics.results", topic_name(name, "results")),
        ("kafka.topics.payload_status", topic_name(name, "status")),
        ("kafka.topics.announce_dead_letters", topic_name(name, "announce-dlq")),
        ("kafka.topics.results_dead_letters", topic_name(name, "results-dlq")),
        ("object_storage.endpoint", endpoint(object_storage)),
        ("object_storage.region", "us-east-1".into()),
        ("object_storage.bucket", BUCKET.into()),
        ("object_storage.addressing", "path".into()),
        ("object_storage.access_key_id", USER.into()),
        ("object_storage.secret_access_key", PASSWORD.into()),
        ("database.host", "127.0.0.1".into()),
        ("database.port", postgres.port.to_string()),
        ("database.name", name.into()),
        ("database.user", "postgres".into()),
        ("database.password", PASSWORD.into()),
        ("database.tls_mode", "disable".into()),
        ("pipeline.listen", address(pipeline)),
        ("pipeline.group", group(name, "pipeline")),
        ("writer.listen", address(writer)),
        ("writer.group", group(name, "writer")),
        ("aggregator.listen", address(aggregator)),
        ("ingress.listen", address(ingress)),
        ("retry.max_delay", "1s".into()),
        ("logging.format", "text".into()),
    ]
    .map(|(key, value)| (variable(key), value))
    .into()
}

/// Returns the variable of a key: `a.b_c` is `CCX__A__B_C`. Dots in the names of Kafka's own properties are
/// kept.
fn variable(key: &str) -> String {
    match key.strip_prefix("kafka.properties.") {
        Some(property) => format!("CCX__KAFKA__PROPERTIES__{property}"),
        None => format!("CCX__{}", key.to_ascii_uppercase().replace('.', "__")),
    }
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn topic_name(env: &str, kind: &str) -> String {
    format!("{env}.{kind}")
}

fn group(env: &str, program: &str) -> String {
    format!("{env}.{program}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_key_is_mapped_to_its_variable() {
        assert_eq!(variable("kafka.topics.payload_status"), "CCX__KAFKA__TOPICS__PAYLOAD_STATUS");
        assert_eq!(variable("kafka.properties.linger.ms"), "CCX__KAFKA__PROPERTIES__linger.ms");
    }
}
