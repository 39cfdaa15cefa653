//! The watches: they fill the cache, and notify a [`Listener`] of the resources to reconcile.

mod children;
mod pipelines;
mod synced;

use std::{collections::HashMap, fmt, sync::Arc};

use ccx_crds::CcxPipeline;
use children::Watch;
use futures::{
    StreamExt as _,
    future::{BoxFuture, FutureExt as _},
    stream::FuturesUnordered,
};
use kube::{
    Client,
    core::{ApiResource, ObjectMeta},
    runtime::{reflector::store::Writer, watcher},
};
pub(crate) use synced::Synced;
use synced::SyncedWatch;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{ChildCache, Listed, partial_object::PartialObject};
use crate::model::{
    key::Key,
    kind::{Availability, Kind},
    names::PIPELINE_LABEL,
    references::Served,
};

/// Objects per page of a list. Small, since a page is in memory as a whole, and all watches begin at the same
/// time.
const PAGE_SIZE: u32 = 50;

/// The namespaces that are watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    #[default]
    Cluster,
    /// These.
    Namespaces(Vec<String>),
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => formatter.write_str("all namespaces"),
            Self::Namespaces(names) => formatter.write_str(&names.join(", ")),
        }
    }
}

impl Scope {
    /// Returns one entry per watch of a kind: a namespace, or `None` for all of them.
    fn namespaces(&self) -> Vec<Option<String>> {
        match self {
            Self::Cluster => vec![None],
            Self::Namespaces(names) => names.iter().cloned().map(Some).collect(),
        }
    }
}

/// The objects of one watch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WatchName {
    pub(crate) kind: &'static str,
    /// All namespaces when absent.
    pub(crate) namespace: Option<String>,
}

impl WatchName {
    /// Returns the namespace for a label; empty for all of them.
    pub(crate) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }
}

/// Receives the changes that the watches have seen.
pub(crate) trait Listener: Send + Sync {
    /// A resource was created or changed.
    fn pipeline_changed(&self, metadata: &ObjectMeta);

    /// A resource was deleted.
    fn pipeline_deleted(&self, key: &Key);

    /// An object that concerns a resource has changed.
    fn object_changed(&self, key: Key);

    /// A watch has listed everything.
    fn watch_synced(&self, watch: &WatchName);

    /// A request of a watch has failed. `is_listed` when it has listed everything before.
    fn watch_failed(&self, watch: &WatchName, is_listed: bool, error: &watcher::Error);

    /// A watch has ended, because the cluster no longer serves its kind.
    fn watch_ended(&self, watch: &WatchName);
}

/// All watches of one operator.
#[derive(Clone)]
pub(crate) struct Watches {
    pub(crate) client: Client,
    pub(crate) scope: Scope,
    pub(crate) cache: ChildCache,
    pub(crate) listener: Arc<dyn Listener>,
    pub(crate) synced: Synced,
}

/// A watched type that only some clusters serve.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum OptionalType {
    Child(Kind),
    StrimziKafka(ApiResource),
}

/// The running watches. Polls only those that have events, instead of all whenever one of them has.
type Running = FuturesUnordered<BoxFuture<'static, ()>>;

impl Watches {
    /// Runs all watches; never ends. Begins and ends those of optional kinds as the cluster begins and ceases
    /// to serve them. `pipelines` stores the resources themselves.
    pub(crate) async fn run(
        self,
        mut served: watch::Receiver<Served>,
        pipelines: Writer<PartialObject<CcxPipeline>>,
    ) {
        let mut running: Running = [self.pipelines(pipelines)].into_iter().collect();
        for watch in self.per_namespace() {
            let kinds = Kind::ALL.into_iter().filter(|kind| kind.availability() == Availability::Always);
            running.extend(kinds.map(|kind| watch.children(kind)));
            running.push(watch.pods());
        }
        let mut optional = HashMap::new();
        loop {
            let now = served.borrow_and_update().clone();
            self.follow_served(&now, &mut optional, &mut running);
            loop {
                tokio::select! {
                    _ = running.next() => {}
                    changed = served.changed() => match changed {
                        Ok(()) => break,
                        // Discovery ends with the controller.
                        Err(_) => std::future::pending().await,
                    },
                }
            }
            // Children depend on the kinds that are served.
            self.requeue(self.cache.record_change_of_all());
        }
    }

    /// Begins the watches of newly served types, and ends those of others.
    fn follow_served(
        &self,
        served: &Served,
        active: &mut HashMap<OptionalType, CancellationToken>,
        running: &mut Running,
    ) {
        let wanted = optional_types(served);
        active.retain(|watched, stop| {
            let is_wanted = wanted.contains(watched);
            if !is_wanted {
                stop.cancel();
                self.forget(watched);
            }
            is_wanted
        });
        for watched in wanted {
            if active.contains_key(&watched) {
                continue;
            }
            let stop = CancellationToken::new();
            for watch in self.per_namespace() {
                let (watching, stop) = (watch.optional(&watched), stop.clone());
                running.push(async move { stop.run_until_cancelled(watching).await.unwrap_or(()) }.boxed());
            }
            active.insert(watched, stop);
        }
    }

    /// Removes the objects of a type that is no longer served: they do not exist.
    fn forget(&self, watched: &OptionalType) {
        for namespace in self.scope.namespaces() {
            if let OptionalType::Child(kind) = watched {
                let listed = Listed::Children(*kind);
                self.requeue(self.cache.finish_list(listed, namespace.as_deref(), u32::MAX));
            }
            self.listener.watch_ended(&WatchName { kind: watched.name(), namespace });
        }
    }

    fn per_namespace(&self) -> impl Iterator<Item = Watch> + use<> {
        let all = self.clone();
        self.scope.namespaces().into_iter().map(move |namespace| Watch { all: all.clone(), namespace })
    }

    fn expect(&self, kind: &'static str, namespace: Option<&String>, is_required: bool) -> SyncedWatch {
        let name = WatchName { kind, namespace: namespace.cloned() };
        SyncedWatch::new(name, is_required, self.synced.clone(), Arc::clone(&self.listener))
    }

    fn requeue(&self, keys: impl IntoIterator<Item = Key>) {
        for key in keys {
            self.listener.object_changed(key);
        }
    }
}

impl OptionalType {
    fn name(&self) -> &'static str {
        match self {
            Self::Child(kind) => kind.name(),
            Self::StrimziKafka(_) => children::STRIMZI_KAFKA,
        }
    }
}

fn optional_types(served: &Served) -> Vec<OptionalType> {
    let is_optional = |kind: &Kind| kind.availability() == Availability::Optional;
    let kinds = Kind::ALL.into_iter().filter(is_optional).filter(|kind| served.capabilities.serves(*kind));
    kinds
        .map(OptionalType::Child)
        .chain(served.strimzi_kafka.clone().map(OptionalType::StrimziKafka))
        .collect()
}

fn unlabelled() -> watcher::Config {
    watcher::Config::default().page_size(PAGE_SIZE)
}

fn managed() -> watcher::Config {
    unlabelled().labels(PIPELINE_LABEL)
}
