//! The JSON of `/readyz?verbose`, which the operator reads.

use serde::{Deserialize, Serialize};

/// The readiness of a process: it is ready when every dependency is.
///
/// ```
/// use ccx_service::{Dependency, Readiness};
///
/// let json = r#"{"dependencies":[{"name":"kafka","ok":false,"cause":"no broker"}]}"#;
/// let readiness: Readiness = serde_json::from_str(json)?;
/// assert!(!readiness.is_ready());
/// assert_eq!(readiness.get(Dependency::KAFKA).map(ToString::to_string).as_deref(), Some("kafka: no broker"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// Every dependency, in the order in which the process registered them.
    pub dependencies: Vec<Dependency>,
}

/// A dependency of a process, for example its database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The name, one of the constants of this type for the dependencies of the workloads.
    pub name: String,
    /// Whether the process can use it.
    pub ok: bool,
    /// The reason on one line why it can't, or a restriction with which it can; `None` when it can.
    pub cause: Option<String>,
    /// Whether the process is still making its first attempt, so that nothing is known to be wrong.
    #[serde(default)]
    pub connecting: bool,
}

impl Readiness {
    /// Returns whether the process can do its work.
    pub fn is_ready(&self) -> bool {
        self.dependencies.iter().all(|dependency| dependency.ok)
    }

    /// Returns the dependency of a name.
    pub fn get(&self, name: &str) -> Option<&Dependency> {
        self.dependencies.iter().find(|dependency| dependency.name == name)
    }

    /// Iterates over the dependencies that the process can't use.
    pub fn unmet(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(|dependency| !dependency.ok)
    }
}

impl Dependency {
    /// Name of the Kafka cluster.
    pub const KAFKA: &'static str = "kafka";
    /// Name of the S3 bucket of the archives.
    pub const OBJECT_STORAGE: &'static str = "object storage";
    /// Name of the S3 bucket of copied archives.
    pub const ARCHIVE_BUCKET: &'static str = "archive bucket";
    /// Name of the PostgreSQL database.
    pub const DATABASE: &'static str = "database";
    /// Name of the Valkey or Redis server.
    pub const VALKEY: &'static str = "valkey";
    /// Name of the Kubernetes API server.
    pub const KUBERNETES_API: &'static str = "kubernetes api";
}

impl std::fmt::Display for Dependency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, ok, cause, .. } = self;
        let state = if *ok { "ok" } else { "not ready" };
        write!(f, "{name}: {}", cause.as_deref().unwrap_or(state))
    }
}
