//! `spec.aggregator`

use std::net::{Ipv6Addr, SocketAddr};

use bytesize::ByteSize;
use ccx_config as config;
use ccx_crds::{Aggregator, Authentication, CcxPipelineSpec, ExposureType};

use crate::{
    model::{component::Component, kind::Kind, reason::Reason, references::References, validated},
    validate::{OperatorDefaults, pods, pods::Own, problems::Problems, scaling},
};

pub(super) fn aggregator(
    spec: &CcxPipelineSpec,
    references: &References,
    defaults: &OperatorDefaults,
    problems: &mut Problems,
) -> validated::Aggregator {
    let aggregator = &spec.aggregator;
    check_exposure(aggregator, references, problems);
    let own = Own {
        field: "spec.aggregator",
        image: aggregator.image.as_ref(),
        resources: &aggregator.resources,
        template: &aggregator.pod_template,
        scaling: scaling::aggregator_scaling(aggregator, problems),
        shutdown_timeout: aggregator.shutdown_timeout.get(),
    };
    validated::Aggregator {
        pods: pods::pods(spec, own, references, defaults, problems),
        config: section(aggregator),
        exposure: aggregator.exposure.clone(),
    }
}

fn section(aggregator: &Aggregator) -> config::Aggregator {
    config::Aggregator {
        api_prefix: aggregator.api_prefix.clone(),
        health_listen: Some(SocketAddr::from((Ipv6Addr::UNSPECIFIED, Component::Aggregator.health_port()))),
        authentication: match aggregator.authentication {
            Authentication::None => config::Authentication::None,
            Authentication::XRhIdentity => config::Authentication::XRhIdentity,
        },
        org_overview_limit: aggregator.org_overview_limit.get(),
        max_cache: ByteSize(aggregator.max_cache_size.bytes()),
        max_body: ByteSize(aggregator.max_body_size.bytes()),
        max_feedback_bytes: aggregator.max_feedback_bytes as usize,
        debug: aggregator.debug,
        max_clusters_per_request: aggregator.max_clusters_per_request as usize,
        metrics_namespace: aggregator.metrics_namespace.clone(),
        request_timeout: aggregator.request_timeout.get(),
        shutdown_timeout: aggregator.shutdown_timeout.get(),
        ..config::Aggregator::default()
    }
}

fn check_exposure(aggregator: &Aggregator, references: &References, problems: &mut Problems) {
    const FIELD: &str = "spec.aggregator.exposure.type";
    let exposure = &aggregator.exposure;
    let kind = match exposure.kind {
        ExposureType::ClusterIp => return,
        ExposureType::Route => Kind::Route,
        ExposureType::Ingress => Kind::Ingress,
        ExposureType::Gateway => Kind::HttpRoute,
    };
    if !references.capabilities.serves(kind) {
        problems.push_exposure_not_served(FIELD, kind);
    }
    if exposure.kind == ExposureType::Gateway
        && exposure.gateway.as_ref().is_none_or(|gateway| gateway.parent_refs.is_empty())
    {
        problems.push(
            Reason::InvalidSpec,
            format!("{FIELD} Gateway needs spec.aggregator.exposure.gateway.parentRefs"),
        );
    }
}
