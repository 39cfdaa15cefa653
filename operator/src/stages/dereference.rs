//! Reads the objects that a resource refers to, by name.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use k8s_openapi::{
    NamespaceResourceScope,
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};
use kube::{
    Api, Client, Resource,
    api::ListParams,
    core::{Selector, SelectorExt as _},
};
use serde::de::DeserializeOwned;
use snafu::{ResultExt as _, Snafu};

use crate::model::{
    api_error::{api_reason, error_text},
    key::Key,
    problem::Problem,
    references::{ReferencedNames, References, Served, Strimzi, StrimziName, selector_problem},
};

/// A referenced object could not be read.
#[derive(Debug, Snafu)]
#[snafu(display("failed to read {what}"))]
pub struct DereferenceError {
    what: String,
    source: kube::Error,
}

impl From<&DereferenceError> for Problem {
    fn from(error: &DereferenceError) -> Self {
        Self::new(api_reason(&error.source), error_text(error))
    }
}

/// Reads the objects of `names` that exist.
pub(crate) async fn dereference(
    client: &Client,
    key: &Key,
    names: &ReferencedNames,
    served: &Served,
) -> Result<References, DereferenceError> {
    let secrets = Api::<Secret>::namespaced(client.clone(), &key.namespace);
    let config_maps = Api::<ConfigMap>::namespaced(client.clone(), &key.namespace);
    let (secrets, by_name, by_labels, strimzi) = futures::try_join!(
        fetch_all(&secrets, "Secret", names.secrets.iter()),
        fetch_all(&config_maps, "ConfigMap", names.config_maps.iter()),
        select(&config_maps, names.rule_config_maps.as_ref()),
        fetch_strimzi(client, names.strimzi.as_ref(), served),
    )?;
    Ok(References {
        secrets,
        config_maps: by_name,
        rule_config_maps: by_labels,
        strimzi,
        capabilities: served.capabilities.clone(),
        ..References::default()
    })
}

async fn fetch_all<K>(
    api: &Api<K>,
    kind: &str,
    names: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, Option<K>>, DereferenceError>
where
    K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let fetch = async |name: &String| {
        let found =
            api.get_opt(name).await.context(DereferenceSnafu { what: format!("the {kind} {name}") })?;
        Ok((name.clone(), found))
    };
    Ok(try_join_all(names.map(fetch)).await?.into_iter().collect())
}

/// An invalid selector selects nothing; validation reports it.
async fn select(
    api: &Api<ConfigMap>,
    labels: Option<&LabelSelector>,
) -> Result<Vec<ConfigMap>, DereferenceError> {
    let valid = labels.filter(|labels| selector_problem(labels).is_none());
    let Some(selector) = valid.and_then(|labels| Selector::try_from(labels.clone()).ok()) else {
        return Ok(Vec::new());
    };
    let parameters = ListParams::default().labels_from(&selector);
    let what = format!("the ConfigMaps with {selector}");
    let mut found = api.list(&parameters).await.context(DereferenceSnafu { what })?.items;
    found.retain(|map| selector.matches(&map.metadata.labels.clone().unwrap_or_default()));
    found.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
    Ok(found)
}

async fn fetch_strimzi(
    client: &Client,
    names: Option<&StrimziName>,
    served: &Served,
) -> Result<Strimzi, DereferenceError> {
    let Some(StrimziName { namespace, name }) = names else { return Ok(Strimzi::NotWanted) };
    let Some(kafka) = &served.strimzi_kafka else { return Ok(Strimzi::NotServed) };
    let api = Api::namespaced_with(client.clone(), namespace, kafka);
    let found = api
        .get_opt(name)
        .await
        .context(DereferenceSnafu { what: format!("the Kafka {namespace}/{name}") })?;
    Ok(found.map_or(Strimzi::Missing, |kafka| Strimzi::Found(Box::new(kafka))))
}
