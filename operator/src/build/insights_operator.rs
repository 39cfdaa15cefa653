//! The manifests that point the insights operators of clusters at this pipeline, for their administrators to apply.

use ccx_config::InsightsOperator;
use ccx_crds::ExposureType;
use k8s_openapi::api::core::v1::ConfigMap;

use crate::{
    build::{exposure::origin, metadata::metadata},
    model::{
        component::Component,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

/// The role of the ConfigMap.
const ROLE: &str = "insights-operator";

/// The keys with the manifests: of the ConfigMap, and of the Secret that OpenShift 4.14 and older read.
const CONFIG_MAP: &str = "insights-config.yaml";
const SECRET: &str = "support.yaml";

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let endpoints = endpoints(pipeline);
    endpoints.map(|endpoints| child(pipeline, &endpoints)).into_iter().collect()
}

/// Returns the endpoints; `None` without uploads, and while the host of an exposure is not known.
fn endpoints(pipeline: &ValidatedPipeline) -> Option<InsightsOperator> {
    pipeline.uploads.as_ref()?;
    let api = pipeline.public_api.as_ref()?;
    if api.exposure.kind != ExposureType::ClusterIp {
        let origin = origin(&api.exposure, api.reported_host.as_deref())?;
        return Some(InsightsOperator::new(&origin, &origin));
    }
    let [uploads, api] = [Component::Ingress, Component::SmartProxy].map(|component| {
        let service = component.object_name(pipeline.name.as_str());
        format!("http://{service}.{}.svc:{}", pipeline.namespace, component.port())
    });
    Some(InsightsOperator::new(&uploads, &api))
}

fn child(pipeline: &ValidatedPipeline, endpoints: &InsightsOperator) -> Child {
    let manifests = [(CONFIG_MAP, endpoints.config_map()), (SECRET, endpoints.secret())];
    let config_map = ConfigMap {
        metadata: metadata(pipeline, ROLE),
        data: Some(manifests.map(|(key, manifest)| (key.to_owned(), manifest)).into()),
        ..ConfigMap::default()
    };
    Child::new(None, Stage::Exposure, config_map)
}
