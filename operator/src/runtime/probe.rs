//! Asks the workloads what they dependency: only they know whether they reach Kafka, the object storage and the database.

mod results;

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use futures::{StreamExt as _, future::BoxFuture, stream};
pub(crate) use results::{RulesAnswer, UnmetDependency};

use crate::{cache::PipelineObjects, model::component::Component};

/// How long a pod may take to answer. One that needs longer is not ready either.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How many pods of one resource are asked at a time.
const CONCURRENCY: usize = 4;

/// How many pods of a component are asked: they have the same configuration, so that one would mostly do.
const PODS_ASKED: usize = 2;

/// What an answer may have. A readiness report is a few lines.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// How pods are asked, so that tests can answer for them.
pub trait Prober: Send + Sync {
    /// The body of the answer to `GET http://address:port/path`, whatever its status; none when there is no answer.
    fn get(&self, address: IpAddr, port: u16, path: &'static str) -> BoxFuture<'_, Option<String>>;
}

/// Asks over the network.
#[derive(Clone, Debug)]
pub struct HttpProber {
    client: reqwest::Client,
}

impl HttpProber {
    /// Pods are asked directly, never through the proxy that leads out of the cluster, and answer themselves.
    pub fn new() -> reqwest::Result<Self> {
        let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        // They speak plain HTTP, so that no certificate needs to be in memory.
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
                if body.len() > MAX_ANSWER_BYTES {
                    return None;
                }
            }
            String::from_utf8(body).ok()
        })
    }
}

/// What the pods said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProbeResults {
    /// What the unready pods of each component dependency. Empty for one that did not answer.
    pub(crate) unmet: BTreeMap<Component, Vec<UnmetDependency>>,
    /// The rules that a pod of the pipeline has.
    pub(crate) rules: Option<RulesAnswer>,
}

/// Whom to ask what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question {
    component: Component,
    address: IpAddr,
    path: &'static str,
}

const READY: &str = "/readyz";
const RULES: &str = "/rules";

/// Asks the pods that run and are not ready, and one of the pipeline for its rules.
pub(crate) async fn ask(prober: &dyn Prober, pods: &[(Component, IpAddr, bool)]) -> ProbeResults {
    let asked = stream::iter(questions(pods)).map(async |question| {
        let answer = prober.get(question.address, question.component.port(), question.path).await;
        (question, answer)
    });
    let answered: Vec<_> = asked.buffered(CONCURRENCY).collect().await;
    let mut answers = ProbeResults::default();
    for (question, answer) in answered {
        let Some(answer) = answer else { continue };
        if question.path == RULES {
            answers.rules = RulesAnswer::read(&answer);
        } else {
            answers.unmet.entry(question.component).or_insert_with(|| UnmetDependency::read(&answer));
        }
    }
    answers
}

/// The pods that run, where they are, and whether they are ready.
pub(crate) fn running(objects: &PipelineObjects) -> Vec<(Component, IpAddr, bool)> {
    let pods = objects.pods().filter(|(_, pod)| pod.is_running && !pod.is_terminating);
    pods.filter_map(|(_, pod)| Some((Component::from_name(&pod.role)?, pod.ip?, pod.is_ready))).collect()
}

fn questions(pods: &[(Component, IpAddr, bool)]) -> Vec<Question> {
    let mut questions = Vec::new();
    for component in [Component::DataPipeline, Component::DbWriter, Component::Aggregator] {
        let unready = pods.iter().filter(|(of, _, is_ready)| *of == component && !is_ready);
        questions.extend(unready.take(PODS_ASKED).map(|(component, address, _)| Question {
            component: *component,
            address: *address,
            path: READY,
        }));
    }
    let pipeline = pods.iter().filter(|(of, _, _)| *of == Component::DataPipeline);
    // One that is ready has loaded its rules.
    let teller = pipeline.max_by_key(|(_, _, is_ready)| *is_ready);
    questions.extend(teller.map(|(component, address, _)| Question {
        component: *component,
        address: *address,
        path: RULES,
    }));
    questions
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scripted(BTreeMap<&'static str, &'static str>);

    impl Prober for Scripted {
        fn get(&self, _: IpAddr, _: u16, path: &'static str) -> BoxFuture<'_, Option<String>> {
            Box::pin(async move { self.0.get(path).map(|answer| (*answer).to_owned()) })
        }
    }

    const fn address(last: u8) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, last))
    }

    #[test]
    fn two_unready_pods_of_a_component_are_asked_and_one_for_its_rules() {
        let pods: Vec<_> = (1..=4).map(|last| (Component::DataPipeline, address(last), last == 4)).collect();
        let asked: Vec<_> =
            questions(&pods).into_iter().map(|question| (question.address, question.path)).collect();
        assert_eq!(asked, [(address(1), "/readyz"), (address(2), "/readyz"), (address(4), "/rules")]);
    }

    #[tokio::test]
    async fn the_answers_are_put_together() {
        let prober = Scripted(BTreeMap::from([
            ("/readyz", "kafka: no broker\n"),
            ("/rules", r#"{"digest":"d","rules":1,"builtin":2,"error":null}"#),
        ]));
        let pods = vec![(Component::DataPipeline, address(1), false)];
        let answers = ask(&prober, &pods).await;
        assert_eq!(answers.unmet[&Component::DataPipeline][0].to_string(), "kafka: no broker");
        assert_eq!(answers.rules.map(|rules| rules.count()), Some(3));
    }

    #[tokio::test]
    async fn a_pod_that_does_not_answer_says_nothing() {
        let pods = vec![(Component::DbWriter, address(1), false)];
        assert_eq!(ask(&Scripted(BTreeMap::new()), &pods).await, ProbeResults::default());
    }
}
