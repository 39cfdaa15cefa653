//! Probes the workloads: only they know whether they reach Kafka, the object storage and the database.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use ccx_service::{Dependency, Readiness, RulesStatus};
use futures::{StreamExt as _, future::BoxFuture, stream};

use crate::{cache::PipelineObjects, model::component::Component};

/// The timeout of a probe. A pod that exceeds it is not ready either.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The number of pods of one resource that are probed at a time.
const CONCURRENCY: usize = 4;

/// The number of pods of a component that are probed. They share a configuration, so one would usually
/// suffice.
const PODS_ASKED: usize = 2;

/// The limit of a body. A readiness report has a few lines.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The path of the [`Readiness`] of a workload.
pub const READINESS_PATH: &str = "/readyz?verbose";

/// The path of the [`RulesStatus`] of a workload.
pub const RULES_PATH: &str = "/rules";

/// Sends the requests of the probes, so that tests can respond instead of pods.
pub trait Prober: Send + Sync {
    /// Returns the body of the response to `GET http://address:port/path`, of any status; `None` without a
    /// response.
    fn get(&self, address: IpAddr, port: u16, path: &'static str) -> BoxFuture<'_, Option<String>>;
}

/// Sends requests over the network.
#[derive(Clone, Debug)]
pub struct HttpProber {
    client: reqwest::Client,
}

impl HttpProber {
    /// Returns a prober that connects to pods directly, without the cluster's egress proxy, and follows no
    /// redirects.
    pub fn new() -> reqwest::Result<Self> {
        let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        // Pods serve plain HTTP, so no certificate needs to be in memory.
        Ok(Self { client: builder.tls_certs_only([]).pool_max_idle_per_host(0).build()? })
    }
}

impl Prober for HttpProber {
    fn get(&self, address: IpAddr, port: u16, path: &'static str) -> BoxFuture<'_, Option<String>> {
        Box::pin(async move {
            let host = match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            };
            let request = self.client.get(format!("http://{host}:{port}{path}")).timeout(TIMEOUT);
            let mut response = request.send().await.ok()?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.ok()? {
                body.extend_from_slice(&chunk);
                if body.len() > MAX_BODY_BYTES {
                    return None;
                }
            }
            String::from_utf8(body).ok()
        })
    }
}

/// The responses of the pods of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProbeResults {
    /// Dependencies that unready pods can't use, by component. Absent for a component without a response.
    pub(crate) unmet: BTreeMap<Component, Vec<Dependency>>,
    /// The rules that a pod of the pipeline runs.
    pub(crate) rules: Option<RulesStatus>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    component: Component,
    address: IpAddr,
    path: &'static str,
}

/// Probes the dependencies of pods that run and are not ready, and the rules of one pod of the pipeline.
pub(crate) async fn ask(prober: &dyn Prober, pods: &[(Component, IpAddr, bool)]) -> ProbeResults {
    let responses = stream::iter(requests(pods)).map(async |request| {
        let body = prober.get(request.address, request.component.health_port(), request.path).await;
        (request, body)
    });
    let responses: Vec<_> = responses.buffered(CONCURRENCY).collect().await;
    let mut results = ProbeResults::default();
    for (request, body) in responses {
        let Some(body) = body else { continue };
        if request.path == RULES_PATH {
            results.rules = serde_json::from_str(&body).ok();
        } else if let Ok(readiness) = serde_json::from_str::<Readiness>(&body) {
            results.unmet.entry(request.component).or_insert_with(|| readiness.unmet().cloned().collect());
        }
    }
    results
}

/// Returns the running pods with their address, and whether they are ready.
pub(crate) fn running(objects: &PipelineObjects) -> Vec<(Component, IpAddr, bool)> {
    let pods = objects.pods().filter(|(_, pod)| pod.is_running && !pod.is_terminating);
    pods.filter_map(|(_, pod)| Some((Component::from_name(&pod.role)?, pod.ip?, pod.is_ready))).collect()
}

fn requests(pods: &[(Component, IpAddr, bool)]) -> Vec<Request> {
    let mut requests = Vec::new();
    for component in Component::ALL.into_iter().filter(|component| *component != Component::Database) {
        let unready = pods.iter().filter(|(of, _, is_ready)| *of == component && !is_ready);
        requests.extend(unready.take(PODS_ASKED).map(|(component, address, _)| Request {
            component: *component,
            address: *address,
            path: READINESS_PATH,
        }));
    }
    let pipeline = pods.iter().filter(|(of, _, _)| *of == Component::DataPipeline);
    // A ready pod has loaded its rules.
    let with_rules = pipeline.max_by_key(|(_, _, is_ready)| *is_ready);
    requests.extend(with_rules.map(|(component, address, _)| Request {
        component: *component,
        address: *address,
        path: RULES_PATH,
    }));
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scripted(BTreeMap<&'static str, &'static str>);

    impl Prober for Scripted {
        fn get(&self, _: IpAddr, _: u16, path: &'static str) -> BoxFuture<'_, Option<String>> {
            Box::pin(async move { self.0.get(path).map(|body| (*body).to_owned()) })
        }
    }

    const fn address(last: u8) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, last))
    }

    #[test]
    fn two_unready_pods_are_asked_for_readiness_and_one_for_rules() {
        let pods: Vec<_> = (1..=4).map(|last| (Component::DataPipeline, address(last), last == 4)).collect();
        let asked: Vec<_> =
            requests(&pods).into_iter().map(|request| (request.address, request.path)).collect();
        let expected = [(address(1), READINESS_PATH), (address(2), READINESS_PATH), (address(4), RULES_PATH)];
        assert_eq!(asked, expected);
    }

    #[tokio::test]
    async fn responses_of_pods_are_merged() {
        let readiness = r#"{"dependencies": [{"name": "kafka", "ok": false, "cause": "no broker"},
            {"name": "object storage", "ok": true, "cause": null}]}"#;
        let prober = Scripted(BTreeMap::from([
            (READINESS_PATH, readiness),
            (RULES_PATH, r#"{"digest":"d","rules":1,"builtin":2,"error":null}"#),
        ]));
        let pods = vec![(Component::DataPipeline, address(1), false)];
        let results = ask(&prober, &pods).await;
        let unmet: Vec<_> = results.unmet[&Component::DataPipeline].iter().map(ToString::to_string).collect();
        assert_eq!(unmet, ["kafka: no broker"]);
        assert_eq!(results.rules.map(|rules| rules.count()), Some(3));
    }

    #[tokio::test]
    async fn pod_without_response_has_no_result() {
        let pods = vec![(Component::DbWriter, address(1), false)];
        assert_eq!(ask(&Scripted(BTreeMap::new()), &pods).await, ProbeResults::default());
        let other = Scripted(BTreeMap::from([(READINESS_PATH, "kafka: no broker\n")]));
        assert_eq!(ask(&other, &pods).await, ProbeResults::default(), "text of another version");
    }
}
