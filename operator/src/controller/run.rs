//! Runs the controller: watches, queue and reconciles together.

use std::{convert::Infallible, sync::Arc, time::Duration};

use ccx_crds::CcxPipeline;
use ccx_service::error_chain;
use futures::{StreamExt as _, future::join_all};
use kube::{
    Client,
    runtime::{
        controller::{self, Action, applier},
        reflector::{self, Store},
    },
};
use tokio_util::sync::CancellationToken;

use super::{
    context::{Context, backoff},
    discovery::{self, Served},
    key::Key,
    memory::Memory,
    observed::Observed,
    partial::Partial,
    probe::Prober,
    queue::Queue,
    reconcile,
    watches::{Synced, Watches},
};
use crate::{events::Events, metrics::Metrics, validate::OperatorDefaults};

/// How many reconciles run at a time. Each that is at work has all its children in memory, several times over; the API server is
/// slower than eight of them.
const CONCURRENCY: u16 = 8;

/// How long to wait when the cluster does not say what it serves.
const DISCOVERY_PAUSE: Duration = Duration::from_secs(2);

/// Which namespaces are watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    #[default]
    Cluster,
    /// These.
    Namespaces(Vec<String>),
}

/// How the controller runs.
#[derive(Clone)]
pub struct Settings {
    /// Which namespaces are watched.
    pub scope: Scope,
    /// What resources leave open.
    pub defaults: OperatorDefaults,
    /// What this process is called in Events.
    pub identity: String,
    /// How pods are asked what they lack.
    pub prober: Arc<dyn Prober>,
    /// How often a resource is looked at although nothing has happened to it, if not every five minutes.
    pub resync: Option<Duration>,
    /// How often the cluster is asked whether it serves other kinds now, if not every minute.
    pub discovery: Option<Duration>,
}

/// Reconciles until `stop`, then finishes what is in flight. Starts anew when the cluster begins to serve another kind.
pub async fn run(client: Client, settings: Settings, metrics: Metrics, stop: CancellationToken) {
    let interval = settings.discovery.unwrap_or(discovery::INTERVAL);
    while !stop.is_cancelled() {
        let served = match discovery::discover(&client).await {
            Ok(served) => served,
            Err(error) => {
                tracing::warn!(error = %error_chain(&error), "failed to ask what the cluster serves");
                stop.run_until_cancelled(tokio::time::sleep(DISCOVERY_PAUSE)).await;
                continue;
            }
        };
        tracing::info!(?served, scope = ?settings.scope, "the controller starts");
        tokio::select! {
            () = reconcile_scope(&client, &settings, &metrics, &served, &stop) => {}
            () = discovery::changed(&client, &served, interval) => tracing::info!("the cluster serves other kinds, starting anew"),
        }
    }
}

/// One controller for the cluster, or one for each namespace: its store can be filled by one watch only.
async fn reconcile_scope(
    client: &Client,
    settings: &Settings,
    metrics: &Metrics,
    served: &Served,
    stop: &CancellationToken,
) {
    let namespaces = match &settings.scope {
        Scope::Cluster => vec![None],
        Scope::Namespaces(names) => names.iter().cloned().map(Some).collect(),
    };
    let memory = Memory::new(metrics.conditions.clone());
    let queues = metrics.queue_depth.clone();
    queues.set(0);
    let controllers = namespaces.into_iter().map(|namespace| {
        let context = Context {
            client: client.clone(),
            events: Events::new(client.clone(), &settings.identity),
            metrics: metrics.clone(),
            observed: Observed::default(),
            memory: memory.clone(),
            queue: Queue::new(queues.clone()),
            served: served.clone(),
            defaults: settings.defaults.clone(),
            prober: Arc::clone(&settings.prober),
            resync: settings.resync,
        };
        control(Arc::new(context), namespace, stop.clone())
    });
    join_all(controllers).await;
}

async fn control(context: Arc<Context>, namespace: Option<String>, stop: CancellationToken) {
    let (store, writer) = reflector::store();
    let watches = Watches {
        client: context.client.clone(),
        namespace,
        observed: context.observed.clone(),
        memory: context.memory.clone(),
        queue: context.queue.clone(),
        synced: Synced::new(),
    };
    let watching = watches.run(&context.served, writer);
    let reconciling = async {
        watches.synced.wait().await;
        let requests = context.queue.requests().take_until(stop.clone().cancelled_owned());
        let config = controller::Config::default().concurrency(CONCURRENCY);
        let run = |pipeline, context| Box::pin(reconcile(pipeline, context));
        let results = applier(run, on_error, Arc::clone(&context), store.clone(), Box::pin(requests), config);
        results.for_each(async |result| tell(&context.queue, &store, result)).await;
    };
    tokio::select! {
        () = watching => {}
        () = reconciling => {}
        // While nothing is listed yet, there is nothing in flight to finish.
        () = async { stop.cancelled().await; watches.synced.wait().await; std::future::pending().await } => {}
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the machinery hands them over")]
fn on_error(pipeline: Arc<Partial<CcxPipeline>>, error: &kube::Error, context: Arc<Context>) -> Action {
    let key = Key::of_metadata(&pipeline.metadata);
    let failures = context.memory.failed(&key);
    context.metrics.count_error(super::apply::api_reason(error).name());
    tracing::warn!(pipeline = %key, error = %error_chain(error), failures, "failed to read the resource or to write its status");
    Action::requeue(backoff(failures))
}

type Reconciled =
    Result<(reflector::ObjectRef<Partial<CcxPipeline>>, Action), controller::Error<kube::Error, Infallible>>;

fn tell(queue: &Queue, store: &Store<Partial<CcxPipeline>>, result: Reconciled) {
    match result {
        Ok(_) | Err(controller::Error::ReconcilerFailed(..)) => {}
        Err(controller::Error::ObjectNotFound(object)) => {
            let key = Key::new(object.namespace.as_deref().unwrap_or_default(), &object.name);
            queue.begin(&key);
            // It may have been made since it was looked for, and its request been taken for a repetition of the one that failed.
            if store.get(&key.object_ref()).is_some() {
                queue.push(key);
            }
        }
        Err(error) => tracing::error!(error = %error_chain(&error), "the controller failed"),
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use kube::runtime::watcher::Event;
    use serde_json::json;

    use super::*;
    use crate::metrics::Metrics;

    #[tokio::test]
    async fn a_resource_that_was_made_while_the_one_before_was_looked_for_has_its_turn() {
        let (store, mut writer) = reflector::store();
        let queue = Queue::new(Metrics::new().queue_depth);
        let key = Key::new("ns", "ccx");
        let not_found = || Err(controller::Error::ObjectNotFound(Box::new(key.object_ref().erase())));

        queue.push(key.clone());
        assert_eq!(queue.next().await, key, "something of the one before has gone");
        queue.push(key.clone());
        tell(&queue, &store, not_found());
        assert_eq!(queue.next().now_or_never(), None, "there is none");

        let made = json!({"metadata": {"namespace": "ns", "name": "ccx", "uid": "2"}});
        writer.apply_watcher_event(&Event::Apply(serde_json::from_value(made).unwrap()));
        tell(&queue, &store, not_found());
        assert_eq!(queue.next().now_or_never(), Some(key.clone()));
    }
}
