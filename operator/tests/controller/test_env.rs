//! A namespace, a controller that is restricted to it, and the observations of a test.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use ccx_crds::{CcxPipeline, CcxPipelineStatus};
use ccx_operator::{
    runtime::{
        controller::{Scope, Settings},
        fencing::FencingLayer,
        leader::Fence,
        metrics::Metrics,
        probe::Prober,
    },
    validate::OperatorDefaults,
};
use ccx_test_support::merge_patch;
use futures::{StreamExt as _, future::BoxFuture};
use k8s_openapi::{
    api::{core::v1::Namespace, events::v1::Event, rbac::v1::ClusterRoleBinding},
    apimachinery::pkg::apis::meta::v1::Condition,
};
use kube::{
    Api, Client, Config, Resource,
    api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams},
    client::ClientBuilder,
    runtime::{WatchStreamExt as _, watcher},
};
use prometheus::TextEncoder;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    kill_after_writes::WriteLimit,
    kubelet::Kubelet,
    request_recorder::RequestRecorder,
    rights::{as_operator, cluster_binding, grant},
    server,
};

/// The timeout of every step, for a machine under load.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The interval between two polls of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The interval between two reconciles of a resource that is up to date.
pub(crate) const RESYNC: Duration = Duration::from_millis(300);

/// The pause after the first failure of a Job.
pub(crate) const JOB_PAUSE: Duration = Duration::from_secs(2);

/// The time after which the claim of another operator is taken over.
pub(crate) const TAKEOVER: Duration = Duration::from_secs(4);

/// The default image of workloads.
pub(crate) const IMAGE: &str = "registry.example.com/ccx:1";

/// The interval between two discoveries of the kinds that the cluster serves.
const DISCOVERY: Duration = Duration::from_secs(1);

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The environment of one test.
pub(crate) struct TestEnv {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) kubelet: Kubelet,
    pub(crate) prober: Answers,
    pub(crate) recorder: RequestRecorder,
    /// Further namespaces that the operator watches.
    pub(crate) further_namespaces: Vec<String>,
    /// The identity of the operator.
    pub(crate) controller: String,
    config: Config,
    operator: Option<Operator>,
}

/// A running controller.
pub(crate) struct Operator {
    pub(crate) metrics: Metrics,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Operator {
    /// Returns the number of writes by resource and verb, from the metrics.
    pub(crate) fn writes(&self) -> Vec<String> {
        let text = TextEncoder::new().encode_to_string(&self.metrics.registry.gather()).unwrap();
        text.lines()
            .filter(|line| line.starts_with("ccx_operator_api_writes_total"))
            .map(str::to_owned)
            .collect()
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(TIMEOUT, self.task).await.unwrap().unwrap();
    }
}

/// The responses of pods by path.
#[derive(Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<BTreeMap<&'static str, String>>>);

impl Answers {
    pub(crate) fn set(&self, path: &'static str, answer: impl Into<String>) {
        self.0.lock().unwrap().insert(path, answer.into());
    }
}

impl Prober for Answers {
    fn get(&self, _: IpAddr, _: u16, path: &'static str) -> BoxFuture<'_, Option<String>> {
        Box::pin(async move { self.0.lock().unwrap().get(path).cloned() })
    }
}

impl TestEnv {
    /// Creates a namespace without a controller.
    pub(crate) async fn empty() -> Self {
        Self::on(server::shared().await).await
    }

    /// Creates a namespace on the given API server, where [`server::install`] has been called.
    pub(crate) async fn on(config: Config) -> Self {
        let client = Client::try_from(config.clone()).unwrap();
        // `RUST_LOG=info` shows what the controllers log.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let namespace = format!("ccx-test-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::SeqCst));
        let metadata = ObjectMeta { name: Some(namespace.clone()), ..ObjectMeta::default() };
        let object = Namespace { metadata, ..Namespace::default() };
        Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &object).await.unwrap();
        grant(&config, &namespace).await;
        let kubelet = Kubelet::start(client.clone(), &namespace);
        let prober = Answers::default();
        prober.set("/rules", r#"{"digest": null, "rules": 0, "builtin": 86, "error": null}"#);
        Self {
            client,
            namespace,
            kubelet,
            prober,
            recorder: RequestRecorder::default(),
            config,
            operator: None,
            further_namespaces: Vec::new(),
            controller: "operators/ccx-operator".into(),
        }
    }

    /// Creates a namespace with a controller.
    pub(crate) async fn new() -> Self {
        let mut env = Self::empty().await;
        env.start_operator();
        env
    }

    /// Creates a namespace with a controller and a resource that is up to date.
    pub(crate) async fn up_to_date(spec: Value) -> Self {
        let env = Self::new().await;
        env.apply(spec).await;
        env.until_ready().await;
        env.until_up_to_date().await;
        env
    }

    /// Starts a controller with exactly the rights that the chart grants.
    pub(crate) fn start_operator(&mut self) {
        self.start_limited_operator(&WriteLimit::unlimited());
    }

    /// Starts a controller with the rights of another user.
    pub(crate) fn start_operator_as(&mut self, config: Config) {
        self.start(config, &WriteLimit::unlimited());
    }

    /// Starts a controller that stops after a number of writes.
    pub(crate) fn start_limited_operator(&mut self, limit: &WriteLimit) {
        self.start(as_operator(&self.config, &self.namespace), limit);
    }

    fn start(&mut self, config: Config, limit: &WriteLimit) {
        self.operator = Some(self.controller(&self.controller, config, limit));
    }

    /// Starts another operator beside that of the environment, with an identity of its own.
    pub(crate) fn start_rival(&self, identity: &str) -> Operator {
        let config = as_operator(&self.config, &self.namespace);
        self.controller(identity, config, &WriteLimit::unlimited())
    }

    fn controller(&self, identity: &str, config: Config, limit: &WriteLimit) -> Operator {
        let metrics = Metrics::new();
        let layer = FencingLayer { fence: Fence::always_open(), metrics: metrics.clone() };
        let builder = ClientBuilder::try_from(config).unwrap().with_layer(&self.recorder);
        let client = builder.with_layer(limit).with_layer(&layer).build();
        let settings = Settings {
            scope: Scope::Namespaces(
                [vec![self.namespace.clone()], self.further_namespaces.clone()].concat(),
            ),
            defaults: OperatorDefaults {
                image: IMAGE.into(),
                namespace: Some(self.namespace.clone()),
                ..OperatorDefaults::default()
            },
            controller: identity.into(),
            identity: "test".into(),
            prober: Arc::new(self.prober.clone()),
            resync: Some(RESYNC),
            job_pause: Some(JOB_PAUSE),
            takeover: Some(TAKEOVER),
            discovery: Some(DISCOVERY),
            watch_health: None,
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(ccx_operator::run(client, settings, metrics.clone(), stop.clone()));
        Operator { metrics, stop, task }
    }

    pub(crate) async fn stop_operator(&mut self) {
        if let Some(operator) = self.operator.take() {
            operator.stop().await;
        }
    }

    /// Aborts the controller without a shutdown.
    pub(crate) async fn kill_operator(&mut self) {
        if let Some(operator) = self.operator.take() {
            operator.task.abort();
            let _ = operator.task.await;
        }
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.operator.as_ref().unwrap().metrics
    }

    /// Returns the number of writes by resource and verb, from the metrics.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.operator.as_ref().unwrap().writes()
    }

    pub(crate) fn config(&self) -> Config {
        self.config.clone()
    }

    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Applies the resource `ccx`, with `spec` merged into a small one. It has no autoscaler, which would
    /// change an idle cluster after 15 seconds.
    pub(crate) async fn apply(&self, spec: Value) {
        let parameters = PatchParams::apply("test").force();
        self.api::<CcxPipeline>()
            .patch("ccx", &parameters, &Patch::Apply(self.manifest(spec)))
            .await
            .unwrap();
    }

    /// Returns the same resource as a manifest.
    pub(crate) fn manifest(&self, spec: Value) -> Value {
        let mut whole = json!({
            "kafka": {"bootstrapServers": ["kafka:9092"]},
            "objectStorage": {"bucket": "uploads"},
            "aggregator": {"autoscaling": {"type": "None"}},
        });
        merge_patch(&mut whole, spec);
        json!({
            "apiVersion": "ccx.openshift.io/v1alpha1",
            "kind": "CcxPipeline",
            "metadata": {"name": "ccx", "namespace": self.namespace},
            "spec": whole,
        })
    }

    pub(crate) async fn pipeline(&self) -> CcxPipeline {
        self.api::<CcxPipeline>().get("ccx").await.unwrap()
    }

    /// Starts to watch the resource.
    pub(crate) async fn follow(&self) -> Statuses {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut pipelines =
            Box::pin(watcher(self.api::<CcxPipeline>(), watcher::Config::default()).touched_objects());
        let first = pipelines.next().await.unwrap().unwrap();
        seen.lock().unwrap().extend(first.status);
        let table = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Some(pipeline) = pipelines.next().await {
                table.lock().unwrap().extend(pipeline.unwrap().status);
            }
        });
        Statuses { seen, task }
    }

    /// Waits until a condition has this status and reason, for the newest generation.
    pub(crate) async fn until_condition(&self, kind: &str, status: &str, reason: &str) -> Condition {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let pipeline = self.pipeline().await;
            let conditions = pipeline.status.unwrap_or_default().conditions;
            let found = conditions.iter().find(|condition| condition.type_ == kind);
            let is_current = found.is_some_and(|it| it.observed_generation == pipeline.metadata.generation);
            if let Some(found) = found.filter(|it| is_current && it.status == status && it.reason == reason) {
                return found.clone();
            }
            assert!(
                Instant::now() < deadline,
                "{kind} is not {status}/{reason} but {found:#?} of {conditions:#?}"
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    pub(crate) async fn until_ready(&self) {
        self.until_condition("Ready", "True", "AsExpected").await;
    }

    pub(crate) async fn get<K>(&self, name: &str) -> Option<K>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        self.api::<K>().get_opt(name).await.unwrap()
    }

    pub(crate) async fn list<K>(&self) -> Vec<K>
    where
        K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        self.api::<K>().list(&ListParams::default()).await.unwrap().items
    }

    /// Returns the notes of the Events with this reason.
    pub(crate) async fn notes(&self, reason: &str) -> Vec<String> {
        let events = self.list::<Event>().await;
        let with_reason = events.into_iter().filter(|event| event.reason.as_deref() == Some(reason));
        with_reason.filter_map(|event| event.note).collect()
    }

    /// Waits until the controller has reconciled three more times without a write.
    pub(crate) async fn until_up_to_date(&self) {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let (writes, reconciles) = (self.metrics().writes(), self.metrics().reconciles());
            let enough = async {
                while self.metrics().reconciles() < reconciles + 3 {
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
            };
            tokio::time::timeout(TIMEOUT, enough).await.unwrap();
            if self.metrics().writes() == writes {
                return;
            }
            assert!(Instant::now() < deadline, "the controller keeps writing");
        }
    }

    /// Stops the controller and deletes the namespace, without waiting for its deletion.
    pub(crate) async fn end(mut self) {
        self.stop_operator().await;
        let bindings = Api::<ClusterRoleBinding>::all(self.client.clone());
        bindings.delete(&cluster_binding(&self.namespace), &DeleteParams::default()).await.unwrap();
        let namespaces = Api::<Namespace>::all(self.client.clone());
        namespaces.delete(&self.namespace, &DeleteParams::default()).await.unwrap();
    }
}

/// All observed statuses of the resource, in order.
pub(crate) struct Statuses {
    seen: Arc<Mutex<Vec<CcxPipelineStatus>>>,
    task: JoinHandle<()>,
}

impl Statuses {
    pub(crate) fn seen(&self) -> Vec<CcxPipelineStatus> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Statuses {
    fn drop(&mut self) {
        self.task.abort();
    }
}
