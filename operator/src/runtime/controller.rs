//! Runs watches, queue and reconciles together.

use std::{convert::Infallible, sync::Arc, time::Duration};

use ccx_crds::CcxPipeline;
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client,
    runtime::{
        controller::{self, Action, applier},
        reflector::{self, Store},
    },
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    console_links::ConsoleLinks,
    context::{Context, Enqueue},
    discovery,
    events::Events,
    metrics::Metrics,
    probe::Prober,
    queue::{Queue, object_ref},
    reconcile_if_changed::{Reconcile, reconcile_if_changed},
    reconcile_state::ReconcileState,
    requeue::backoff,
    resync,
    watch_health::WatchHealth,
};
pub use crate::cache::watches::Scope;
use crate::{
    cache::{
        ChildCache,
        partial_object::PartialObject,
        watches::{Synced, Watches},
    },
    model::{
        api_error::{api_reason, error_text},
        key::Key,
        references::Served,
    },
    validate::OperatorDefaults,
};

/// The number of reconciles that run at a time. Each has all children of its resource in memory, several
/// times over; the API server is slower than eight of them.
const CONCURRENCY: u16 = 8;

/// The time for which the first reconcile waits for the lists of all watches.
const SYNC_LIMIT: Duration = Duration::from_secs(10);

/// The pause after a discovery that failed.
const DISCOVERY_PAUSE: Duration = Duration::from_secs(2);

/// The settings of the controller.
#[derive(Clone)]
pub struct Settings {
    /// The namespaces to watch.
    pub scope: Scope,
    /// Defaults for what resources leave open.
    pub defaults: OperatorDefaults,
    /// The identity of this operator, which all of its replicas share: namespace and name of its Lease.
    pub controller: String,
    /// The name of this process in Events.
    pub identity: String,
    /// Probes the dependencies of pods.
    pub prober: Arc<dyn Prober>,
    /// The interval between two resyncs of the resources that are up to date; one minute when absent.
    pub resync: Option<Duration>,
    /// The pause after the first failure of a Job; five minutes when absent.
    pub job_pause: Option<Duration>,
    /// The time without a renewal of its Lease after which the claims of another operator are taken over; ten minutes when
    /// absent.
    pub takeover: Option<Duration>,
    /// The interval between two discoveries of the kinds that the cluster serves; one minute when absent.
    pub discovery: Option<Duration>,
    /// Reports watches that can't list their objects, in `/readyz`.
    pub watch_health: Option<ccx_service::Condition>,
}

/// Reconciles until `stop`, then finishes what is in flight.
pub(crate) async fn run(
    client: Client,
    settings: Settings,
    metrics: Metrics,
    stop: CancellationToken,
    reconcile: Reconcile,
) {
    let Some(first) = stop.run_until_cancelled(first_discovery(&client)).await else { return };
    tracing::info!(served = %first, scope = %settings.scope, "controller started");
    warn_of_missing_namespaces(&client, &settings.scope).await;
    let (sender, served) = watch::channel(first);
    let interval = settings.discovery.unwrap_or(discovery::INTERVAL);
    tokio::select! {
        () = control(&client, &settings, &metrics, served, &stop, reconcile) => {}
        () = discovery::follow(&client, &sender, interval) => {}
    }
}

/// Logs watched namespaces that do not exist, such as misspelt ones: the API server lists nothing in them. Best effort:
/// an operator of a few namespaces may not read them.
async fn warn_of_missing_namespaces(client: &Client, scope: &Scope) {
    let Scope::Namespaces(names) = scope else { return };
    let namespaces = Api::<Namespace>::all(client.clone());
    for name in names {
        if let Ok(None) = namespaces.get_metadata_opt(name).await {
            tracing::warn!(namespace = name, "watched namespace does not exist");
        }
    }
}

/// Children depend on the kinds that the cluster serves.
async fn first_discovery(client: &Client) -> Served {
    loop {
        match discovery::discover(client).await {
            Ok(served) => return served,
            Err(error) => tracing::warn!(error = %error_text(&error), "discovery failed"),
        }
        tokio::time::sleep(DISCOVERY_PAUSE).await;
    }
}

async fn control(
    client: &Client,
    settings: &Settings,
    metrics: &Metrics,
    served: watch::Receiver<Served>,
    stop: &CancellationToken,
    reconcile: Reconcile,
) {
    let context = Arc::new(context(client, settings, metrics, served.clone()));
    let (store, writer) = reflector::store();
    let watches = Watches {
        client: client.clone(),
        scope: settings.scope.clone(),
        cache: context.cache.clone(),
        listener: Arc::new(Enqueue {
            state: context.state.clone(),
            queue: context.queue.clone(),
            console_links: context.console_links.clone(),
            metrics: metrics.clone(),
            watch_health: WatchHealth::new(settings.watch_health.clone()),
        }),
        synced: context.synced.clone(),
    };
    let watching = watches.run(served, writer);
    let reconciling = async {
        // A resource whose namespace is not listed after that is requeued.
        stop.run_until_cancelled(context.synced.wait(SYNC_LIMIT)).await;
        let requests = context.queue.requests().take_until(stop.clone().cancelled_owned());
        let config = controller::Config::default().concurrency(CONCURRENCY);
        let run = move |pipeline, context| Box::pin(reconcile_if_changed(pipeline, context, reconcile));
        let results = applier(run, on_error, Arc::clone(&context), store.clone(), Box::pin(requests), config);
        results.for_each(async |result| handle_result(&context.queue, &store, result)).await;
    };
    let resyncing = resync::run(&context);
    let linking = follow_console_links(&context, store.clone());
    tokio::select! {
        () = watching => {}
        () = reconciling => {}
        () = resyncing => {}
        () = linking => {}
    }
}

/// Never ends. A resource of a namespace that is not listed yet may exist.
async fn follow_console_links(context: &Context, pipelines: Store<PartialObject<CcxPipeline>>) {
    context.synced.wait(SYNC_LIMIT).await;
    let is_served = || context.served.borrow().console_links;
    let may_exist =
        |key: &Key| !context.synced.is_complete(&key.namespace) || pipelines.get(&object_ref(key)).is_some();
    context.console_links.follow(&context.client, &context.controller, is_served, may_exist).await;
}

fn context(
    client: &Client,
    settings: &Settings,
    metrics: &Metrics,
    served: watch::Receiver<Served>,
) -> Context {
    Context {
        client: client.clone(),
        events: Events::new(client.clone(), &settings.identity),
        metrics: metrics.clone(),
        cache: ChildCache::default(),
        console_links: ConsoleLinks::default(),
        state: ReconcileState::new(metrics.conditions.clone()),
        queue: Queue::new(metrics.queue_depth.clone()),
        served,
        defaults: settings.defaults.clone(),
        controller: settings.controller.clone(),
        prober: Arc::clone(&settings.prober),
        synced: Synced::new(),
        job_pause: settings.job_pause,
        takeover: settings.takeover,
        resync: settings.resync,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of kube's error policy")]
fn on_error(pipeline: Arc<PartialObject<CcxPipeline>>, error: &kube::Error, context: Arc<Context>) -> Action {
    let key = Key::from_metadata(&pipeline.metadata);
    let failures = context.state.record_failure(&key);
    context.metrics.count_error(api_reason(error).name());
    tracing::warn!(pipeline = %key, error = %error_text(error), failures, "failed to read the resource or to write its status");
    Action::requeue(backoff(failures))
}

type ReconcileResult = Result<
    (reflector::ObjectRef<PartialObject<CcxPipeline>>, Action),
    controller::Error<kube::Error, Infallible>,
>;

fn handle_result(queue: &Queue, store: &Store<PartialObject<CcxPipeline>>, result: ReconcileResult) {
    match result {
        Ok(_) | Err(controller::Error::ReconcilerFailed(..)) => {}
        Err(controller::Error::ObjectNotFound(object)) => {
            let key = Key::new(object.namespace.as_deref().unwrap_or_default(), &object.name);
            queue.start(&key);
            // It may have been created since, and its request merged with the one that failed.
            if store.get(&object_ref(&key)).is_some() {
                queue.push(key);
            }
        }
        Err(error) => tracing::error!(error = %error_text(&error), "controller failed"),
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use kube::runtime::watcher::Event;
    use serde_json::json;

    use super::*;
    use crate::runtime::metrics::Metrics;

    #[tokio::test]
    async fn resource_created_while_its_predecessor_was_looked_up_is_reconciled() {
        let (store, mut writer) = reflector::store();
        let queue = Queue::new(Metrics::new().queue_depth);
        let key = Key::new("ns", "ccx");
        let not_found = || Err(controller::Error::ObjectNotFound(Box::new(object_ref(&key).erase())));

        queue.push(key.clone());
        assert_eq!(queue.next().await, key, "an object of the deleted one has changed");
        queue.push(key.clone());
        handle_result(&queue, &store, not_found());
        assert_eq!(queue.next().now_or_never(), None, "it does not exist");

        let created = json!({"metadata": {"namespace": "ns", "name": "ccx", "uid": "2"}});
        writer.apply_watcher_event(&Event::Apply(serde_json::from_value(created).unwrap()));
        handle_result(&queue, &store, not_found());
        assert_eq!(queue.next().now_or_never(), Some(key.clone()));
    }
}
