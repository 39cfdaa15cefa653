//! Discovers the optional kinds that the cluster serves.

use std::{collections::BTreeSet, time::Duration};

use kube::{Client, core::ApiResource};
use tokio::sync::watch;

use super::console_links;
use crate::model::{
    kind::{Availability, Kind},
    references::{Capabilities, Platform, Served},
};

/// The interval between two discoveries. Installing an extension is rare, and the response is small.
pub(crate) const INTERVAL: Duration = Duration::from_mins(1);

/// The API group by which OpenShift is recognized.
const OPENSHIFT_SECURITY: &str = "security.openshift.io";

/// The versions of Strimzi's Kafka, the preferred one first: `v1` since 0.49, and the only one since 1.0. The
/// fields that are read are the same in both.
const STRIMZI_VERSIONS: [&str; 2] = ["v1", "v1beta2"];

/// Returns the kinds that the cluster serves.
pub(crate) async fn discover(client: &Client) -> kube::Result<Served> {
    let groups = client.list_api_groups().await?;
    let is_openshift = groups.groups.iter().any(|group| group.name == OPENSHIFT_SECURITY);
    let platform = if is_openshift { Platform::OpenShift } else { Platform::Kubernetes };
    let versions: BTreeSet<String> = groups
        .groups
        .into_iter()
        .flat_map(|group| group.versions)
        .map(|version| version.group_version)
        .collect();
    let mut plurals = BTreeSet::new();
    for version in interesting(&versions) {
        let resources = client.list_api_group_resources(&version).await?;
        plurals.extend(resources.resources.into_iter().map(|resource| (version.clone(), resource.name)));
    }
    let serves =
        |resource: &ApiResource| plurals.contains(&(resource.api_version.clone(), resource.plural.clone()));
    let kinds = optional().filter(|kind| serves(&kind.api_resource()));
    let strimzi_kafka = STRIMZI_VERSIONS.map(strimzi_kafka).into_iter().find(serves);
    let console_links = serves(&console_links::api_resource());
    Ok(Served { capabilities: Capabilities::new(kinds).on(platform), strimzi_kafka, console_links })
}

/// Returns the served versions that may contain an optional kind.
fn interesting(served: &BTreeSet<String>) -> BTreeSet<String> {
    let kafkas = STRIMZI_VERSIONS.map(|version| strimzi_kafka(version).api_version);
    let links = console_links::api_resource().api_version;
    let wanted = optional().map(Kind::api_version).chain(kafkas).chain([links]);
    wanted.filter(|version| served.contains(version)).collect()
}

fn strimzi_kafka(version: &str) -> ApiResource {
    let group = "kafka.strimzi.io";
    ApiResource {
        group: group.into(),
        version: version.into(),
        api_version: format!("{group}/{version}"),
        kind: "Kafka".into(),
        plural: "kafkas".into(),
    }
}

fn optional() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.availability() == Availability::Optional)
}

/// Sends the served kinds to `served` whenever they change; never ends.
pub(crate) async fn follow(client: &Client, served: &watch::Sender<Served>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        match discover(client).await {
            Ok(now) => {
                let has_changed = served.send_if_modified(|before| {
                    let has_changed = *before != now;
                    before.clone_from(&now);
                    has_changed
                });
                if has_changed {
                    tracing::info!(served = %now, "served kinds changed");
                }
            }
            Err(error) => tracing::debug!(%error, "discovery failed"),
        }
    }
}
