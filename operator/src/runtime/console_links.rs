//! `ConsoleLink`s: entries in the menu of the OpenShift console that open the exposed page of a resource.
//!
//! A link has no namespace, so that a resource can't own it, and the garbage collector does not delete it. It has the identity of the
//! operator and the key of its resource as labels instead: whenever something has changed, and at intervals, all links of this operator
//! are compared with the desired ones, and those of resources that no longer exist are deleted.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kube::{
    Api, Client, ResourceExt as _,
    api::{DeleteParams, ListParams, Patch, PatchParams},
    core::{ApiResource, DynamicObject},
};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::model::{api_error::error_text, digest::Digest, key::Key, names::MANAGER, names::PIPELINE_LABEL};

/// The interval between two comparisons when nothing has changed.
const INTERVAL: Duration = Duration::from_mins(10);

/// The pause after a failure.
const RETRY_PAUSE: Duration = Duration::from_mins(1);

/// The label with a digest of the operator's identity: operators of other namespaces have links of their own.
const OPERATOR_LABEL: &str = "ccx.openshift.io/operator";

/// The label with the namespace of the resource.
const NAMESPACE_LABEL: &str = "ccx.openshift.io/namespace";

/// The section of the console's menu.
const SECTION: &str = "Insights";

/// The desired links. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConsoleLinks(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// The URL of the page, by resource; `None` for one without a link. A resource that was not reconciled yet is absent.
    urls: Mutex<BTreeMap<Key, Option<String>>>,
    changed: Notify,
}

/// The requests that bring the links to their desired state.
#[derive(Debug, Default, PartialEq)]
struct Actions {
    apply: Vec<Value>,
    delete: Vec<String>,
}

/// Returns the resource of the API.
pub(crate) fn api_resource() -> ApiResource {
    let (group, version) = ("console.openshift.io", "v1");
    ApiResource {
        group: group.into(),
        version: version.into(),
        api_version: format!("{group}/{version}"),
        kind: "ConsoleLink".into(),
        plural: "consolelinks".into(),
    }
}

impl ConsoleLinks {
    /// Sets the URL that the link of a resource opens; `None` when it has no link.
    pub(crate) fn set(&self, key: &Key, url: Option<String>) {
        let mut urls = self.0.urls.lock().unwrap_or_else(PoisonError::into_inner);
        if urls.get(key) != Some(&url) {
            urls.insert(key.clone(), url);
            self.0.changed.notify_one();
        }
    }

    /// Removes a deleted resource.
    pub(crate) fn remove(&self, key: &Key) {
        let removed = self.0.urls.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        if removed.flatten().is_some() {
            self.0.changed.notify_one();
        }
    }

    /// Keeps the links of the operator `controller` in their desired state; never ends. `is_served` says whether the cluster has the
    /// kind now, `may_exist` whether a resource exists or is not known.
    pub(crate) async fn follow(
        &self,
        client: &Client,
        controller: &str,
        is_served: impl Fn() -> bool,
        may_exist: impl Fn(&Key) -> bool,
    ) {
        loop {
            let pause = match self.synchronize(client, controller, &is_served, &may_exist).await {
                Ok(()) => INTERVAL,
                Err(error) => {
                    tracing::warn!(error = %error_text(&error), "failed to update the links of the console");
                    RETRY_PAUSE
                }
            };
            // A kind that is served later is noticed at the next change or interval.
            let _ = tokio::time::timeout(pause, self.0.changed.notified()).await;
        }
    }

    async fn synchronize(
        &self,
        client: &Client,
        controller: &str,
        is_served: impl Fn() -> bool,
        may_exist: impl Fn(&Key) -> bool,
    ) -> kube::Result<()> {
        if !is_served() {
            return Ok(());
        }
        let api = Api::<DynamicObject>::all_with(client.clone(), &api_resource());
        let operator = Digest::default().field(controller).finish();
        let live =
            api.list(&ListParams::default().labels(&format!("{OPERATOR_LABEL}={operator}"))).await?.items;
        let urls = self.0.urls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Actions { apply, delete } = actions(&live, &urls, &operator, may_exist);
        for link in apply {
            let name = link["metadata"]["name"].as_str().unwrap_or_default();
            api.patch(name, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&link)).await?;
            tracing::info!(name, "link in the console applied");
        }
        for name in delete {
            match api.delete(&name, &DeleteParams::default()).await {
                Ok(_) => tracing::info!(name, "link in the console deleted"),
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn actions(
    live: &[DynamicObject],
    urls: &BTreeMap<Key, Option<String>>,
    operator: &str,
    may_exist: impl Fn(&Key) -> bool,
) -> Actions {
    // A reconcile that ends after the deletion of its resource may have set its URL again.
    let existing = urls.iter().filter(|(key, _)| may_exist(key));
    let desired = existing.filter_map(|(key, url)| Some(link(key, url.as_deref()?, operator)));
    let is_current = |link: &Value| {
        live.iter()
            .any(|live| link["metadata"]["name"] == live.name_any() && live.data["spec"] == link["spec"])
    };
    let is_unwanted = |live: &&DynamicObject| {
        key(live).is_some_and(|key| !may_exist(&key) || urls.get(&key).is_some_and(Option::is_none))
    };
    Actions {
        apply: desired.filter(|link| !is_current(link)).collect(),
        delete: live.iter().filter(is_unwanted).map(DynamicObject::name_any).collect(),
    }
}

fn key(live: &DynamicObject) -> Option<Key> {
    let labels = live.labels();
    Some(Key::new(labels.get(NAMESPACE_LABEL)?, labels.get(PIPELINE_LABEL)?))
}

/// Returns the link of a resource. No namespace contains a dot, so that its name is unique.
fn link(key: &Key, url: &str, operator: &str) -> Value {
    let Key { namespace, name } = key;
    json!({
        "apiVersion": api_resource().api_version,
        "kind": api_resource().kind,
        "metadata": {
            "name": format!("ccx.{namespace}.{name}"),
            "labels": {
                PIPELINE_LABEL: &**name,
                NAMESPACE_LABEL: &**namespace,
                OPERATOR_LABEL: operator,
                "app.kubernetes.io/managed-by": MANAGER,
            },
        },
        "spec": {
            "location": "ApplicationMenu",
            "text": format!("Advisor ({namespace}/{name})"),
            "href": url,
            "applicationMenu": {"section": SECTION},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://insights.example.com/openshift/insights/advisor/clusters";

    fn key_of(name: &str) -> Key {
        Key::new("insights", name)
    }

    fn live(name: &str, url: &str) -> DynamicObject {
        serde_json::from_value(link(&key_of(name), url, "1")).unwrap()
    }

    #[test]
    fn links_follow_the_exposed_pages() {
        let urls = [
            (key_of("new"), Some(URL.to_owned())),
            (key_of("moved"), Some(URL.to_owned())),
            (key_of("same"), Some(URL.to_owned())),
            (key_of("inside"), None),
        ];
        let links = [live("moved", "https://old"), live("same", URL), live("inside", URL)];
        let actions = actions(&links, &urls.into(), "1", |_| true);
        let applied: Vec<_> = actions.apply.iter().map(|link| &link["metadata"]["name"]).collect();
        assert_eq!(applied, ["ccx.insights.moved", "ccx.insights.new"]);
        assert_eq!(actions.apply[0]["spec"]["href"], URL);
        assert_eq!(actions.delete, ["ccx.insights.inside"]);
    }

    #[test]
    fn link_of_a_deleted_resource_is_deleted_and_that_of_an_unknown_one_is_kept() {
        let links = [live("gone", URL), live("unknown", URL)];
        let urls = BTreeMap::from([(key_of("gone"), Some(URL.to_owned()))]);
        let actions = actions(&links, &urls, "1", |key| *key == key_of("unknown"));
        assert_eq!(actions, Actions { apply: Vec::new(), delete: vec!["ccx.insights.gone".into()] });
    }

    #[tokio::test]
    async fn change_of_a_url_is_noticed_and_its_repetition_is_not() {
        use futures::FutureExt as _;
        let links = ConsoleLinks::default();
        let is_changed = || links.0.changed.notified().now_or_never().is_some();
        links.set(&key_of("ccx"), Some(URL.into()));
        assert!(is_changed());
        links.set(&key_of("ccx"), Some(URL.into()));
        assert!(!is_changed());
        links.remove(&key_of("ccx"));
        assert!(is_changed());
        links.remove(&key_of("ccx"));
        assert!(!is_changed());
    }
}
