//! `ccx-operator run`

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ccx_cli::{CliError, Exit};
use ccx_config::{LogFormat, Logging};
use ccx_operator::{
    GivenDefaults,
    runtime::{
        controller::{Scope, Settings},
        fencing::FencingLayer,
        leader::{Elector, Fence, HealthHandles, Timing},
        metrics::Metrics,
        probe::HttpProber,
    },
    validate::OperatorDefaults,
};
use ccx_service::{Health, LoggingError, ServeError};
use clap::Args;
use kube::{Client, client::ClientBuilder};
use snafu::{ResultExt as _, Snafu};
use tokio_util::sync::CancellationToken;

use crate::{
    arguments::{self, given},
    cluster::{self, NoCluster},
};

/// The name of the Lease and of this replica when none is given.
const DEFAULT_NAME: &str = "ccx-operator";

/// The time without an election attempt after which the process is not live: several times the timeout of an
/// attempt.
const MAX_SILENCE: Duration = Duration::from_mins(1);

/// The time that responses to probes in flight have at shutdown.
const SERVER_GRACE: Duration = Duration::from_millis(200);

/// Run the operator until SIGTERM
///
/// Several replicas elect a leader by a Lease; the others wait. Health and metrics are served on one port.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx-operator run
  ccx-operator run --namespaces insights,insights-stage --log info,ccx_operator=debug")]
pub(crate) struct RunArgs {
    /// Watch only these namespaces, separated by commas; all when absent
    #[arg(long, env = "CCX_OPERATOR_NAMESPACES", value_delimiter = ',', value_parser = arguments::namespace)]
    namespaces: Vec<String>,
    /// The image of the workloads, for resources that name none; the one of this release when absent
    #[arg(long, env = "CCX_IMAGE", value_name = "IMAGE", value_parser = arguments::image)]
    image: Option<String>,
    /// The image of managed databases, for resources that name none; PostgreSQL 17 when absent
    #[arg(long, env = "CCX_DATABASE_IMAGE", value_name = "IMAGE", value_parser = arguments::image)]
    database_image: Option<String>,
    /// The namespaces in which resources of other namespaces may name a Kafka of Strimzi, separated by commas; all when absent
    #[arg(long, env = "CCX_STRIMZI_NAMESPACES", value_delimiter = ',', value_parser = arguments::namespace)]
    strimzi_namespaces: Vec<String>,
    /// Where health and metrics are served
    #[arg(long, env = "CCX_OPERATOR_LISTEN", default_value = "[::]:8080", value_parser = arguments::listen)]
    listen: SocketAddr,
    /// The namespace of the Lease; that of the pod when absent
    #[arg(long, env = "POD_NAMESPACE", value_parser = arguments::namespace)]
    lease_namespace: Option<String>,
    /// The name of the Lease by which the replicas elect a leader
    #[arg(long, env = "CCX_OPERATOR_LEASE", default_value = DEFAULT_NAME, value_parser = arguments::object_name)]
    lease: String,
    /// The name of this replica
    #[arg(long, env = "POD_NAME", default_value = DEFAULT_NAME)]
    identity: String,
    /// The log filter: a level, or directives such as `info,ccx_operator=debug`
    #[arg(long, env = "CCX_OPERATOR_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
}

/// The operator could not start.
#[derive(Debug, Snafu)]
pub(crate) enum RunError {
    #[snafu(display("failed to set up logging by --log or CCX_OPERATOR_LOG"))]
    Log { source: LoggingError },
    #[snafu(transparent)]
    Config { source: NoCluster },
    #[snafu(display("failed to create a client for the cluster; check the credentials in KUBECONFIG"))]
    Connect { source: kube::Error },
    #[snafu(display("failed to listen for health and metrics; choose another address with --listen"))]
    Listen { source: ServeError },
    #[snafu(display("failed to create a client for the pods; report this with the version of the operator"))]
    Prober { source: reqwest::Error },
}

impl CliError for RunError {
    fn exit(&self) -> Exit {
        match self {
            Self::Log { .. } => Exit::Setup,
            Self::Config { .. } | Self::Connect { .. } | Self::Listen { .. } | Self::Prober { .. } => {
                Exit::Failed
            }
        }
    }

    fn advice(&self) -> Option<String> {
        match self {
            Self::Config { source } => {
                Some(source.advice("run in a pod with a service account, or set KUBECONFIG, as for kubectl"))
            }
            Self::Log { .. } | Self::Connect { .. } | Self::Listen { .. } | Self::Prober { .. } => None,
        }
    }
}

impl RunArgs {
    fn defaults(&self) -> OperatorDefaults {
        let given = GivenDefaults {
            image: given(self.image.as_ref()),
            database_image: given(self.database_image.as_ref()),
            namespace: given(self.lease_namespace.as_ref()),
        };
        OperatorDefaults {
            strimzi_namespaces: self
                .strimzi_namespaces
                .iter()
                .filter(|name| !name.is_empty())
                .cloned()
                .collect(),
            ..given.into()
        }
    }

    /// Returns the namespace of the Lease: the given one, or that of the cluster's configuration.
    fn namespace(&self, configured: &str) -> String {
        given(self.lease_namespace.as_ref()).unwrap_or_else(|| configured.to_owned())
    }

    fn lease(&self) -> &str {
        if self.lease.is_empty() { DEFAULT_NAME } else { &self.lease }
    }

    fn identity(&self) -> &str {
        if self.identity.is_empty() { DEFAULT_NAME } else { &self.identity }
    }

    /// Returns the filter of the log. The client library logs failed connections and watches, beside the errors that it
    /// returns.
    fn filter(&self) -> String {
        let given = if self.log.is_empty() { "info" } else { &self.log };
        format!("kube_client::client::builder=off,kube_runtime::watcher=off,{given}")
    }

    fn settings(&self, health: &Health, namespace: &str) -> Result<Settings, RunError> {
        let namespaces: Vec<String> =
            self.namespaces.iter().filter(|name| !name.is_empty()).cloned().collect();
        Ok(Settings {
            scope: if namespaces.is_empty() { Scope::Cluster } else { Scope::Namespaces(namespaces) },
            defaults: self.defaults(),
            controller: format!("{}/{}", self.namespace(namespace), self.lease()),
            identity: self.identity().to_owned(),
            prober: Arc::new(HttpProber::new().context(ProberSnafu)?),
            resync: None,
            job_pause: None,
            takeover: None,
            discovery: None,
            watch_health: Some(watch_health(health)),
        })
    }
}

/// Returns the condition of the watches. A process that does not lead has none, and is ready.
fn watch_health(health: &Health) -> ccx_service::Condition {
    let condition = health.condition("watches");
    condition.ready();
    condition
}

/// Runs the operator until SIGTERM.
pub(crate) async fn run(arguments: RunArgs) -> Result<(), RunError> {
    let logging = Logging { level: arguments.filter(), format: LogFormat::Json };
    ccx_service::init_logging(&logging).context(LogSnafu)?;
    let shutdown = ccx_service::shutdown_signal();
    let config = config().await?;
    let listener = ccx_service::bind(arguments.listen).context(ListenSnafu)?;
    let (health, metrics, fence) = (Health::new(), Metrics::new(), Fence::default());
    let routes = ccx_service::routes(health.clone(), metrics.registry.clone());
    let serving = CancellationToken::new();
    let server = tokio::spawn(ccx_service::serve(listener, routes, serving.clone(), SERVER_GRACE));

    let namespace = config.default_namespace.clone();
    let elector = elector(&arguments, config.clone(), &health, fence.clone())?;
    let client = fenced(config, fence, &metrics)?;
    let settings = arguments.settings(&health, &namespace)?;
    elector
        .run(shutdown, |stop| {
            let (client, settings, metrics) = (client.clone(), settings.clone(), metrics.clone());
            async move {
                let _leading = Leading::new(&metrics);
                ccx_operator::run(client, settings, metrics, stop).await;
            }
        })
        .await;
    serving.cancel();
    let _ = server.await;
    Ok(())
}

/// Disables retries in the client: a retry below the fence could be sent after it is closed.
async fn config() -> Result<kube::Config, RunError> {
    let mut config = cluster::config().await?;
    config.default_retry = false;
    Ok(config)
}

/// The Lease has a client of its own, so that requests of the controller don't delay a renewal.
fn elector(
    arguments: &RunArgs,
    config: kube::Config,
    health: &Health,
    fence: Fence,
) -> Result<Elector, RunError> {
    let namespace = arguments.namespace(&config.default_namespace);
    let client = Client::try_from(config).context(ConnectSnafu)?;
    let health = HealthHandles {
        fence,
        reachable: health.condition(ccx_service::Dependency::KUBERNETES_API),
        heartbeat: health.heartbeat("election", MAX_SILENCE),
    };
    let identity = identity(arguments.identity());
    Ok(Elector::new(client, &namespace, arguments.lease(), &identity, Timing::default(), health))
}

/// Returns a unique identity: a container that is restarted in place has the same name as its predecessor.
fn identity(name: &str) -> String {
    format!("{name}_{:08x}", rand::random::<u32>())
}

fn fenced(config: kube::Config, fence: Fence, metrics: &Metrics) -> Result<Client, RunError> {
    let layer = FencingLayer { fence, metrics: metrics.clone() };
    Ok(ClientBuilder::try_from(config).context(ConnectSnafu)?.with_layer(&layer).build())
}

/// Sets the gauge of leadership until it is dropped, and then resets the gauges of resources.
struct Leading(Metrics);

impl Leading {
    fn new(metrics: &Metrics) -> Self {
        metrics.leads.set(1);
        Self(metrics.clone())
    }
}

impl Drop for Leading {
    fn drop(&mut self) {
        self.0.leads.set(0);
        self.0.queue_depth.set(0);
        self.0.conditions.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_of_one_name_are_distinct() {
        assert_ne!(identity("pod"), identity("pod"));
    }

    #[test]
    fn empty_namespaces_is_cluster_scope() {
        #[derive(clap::Parser)]
        struct Program {
            #[command(flatten)]
            arguments: RunArgs,
        }
        let scope = |namespaces: &str| {
            let program =
                <Program as clap::Parser>::parse_from(["run", "--image=", "--namespaces", namespaces]);
            program.arguments.settings(&Health::new(), "ns").unwrap().scope
        };
        assert_eq!(scope(""), Scope::Cluster);
        assert_eq!(scope("a,b"), Scope::Namespaces(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn gauge_is_set_while_leading() {
        let metrics = Metrics::new();
        let leading = Leading::new(&metrics);
        assert_eq!(metrics.leads.get(), 1);
        drop(leading);
        assert_eq!(metrics.leads.get(), 0);
    }
}
