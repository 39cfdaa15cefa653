//! `spec.publicApi`

use ccx_config as config;
use ccx_crds::{AccountManagement, CcxPipeline, Exposure, ExposureType, PublicApi};

use crate::{
    model::{
        input::Input,
        kind::Kind,
        mount_paths::{CLIENT_VARIABLE, file},
        references::References,
        validated::{self, Access, Scaling},
    },
    validate::{
        OperatorDefaults, callers::callers, kafka::path, page::page, pods, pods::Own, problems::Problems,
        source::SecretSource,
    },
};

/// The volumes with the client's secret, and with the authorities of the account management API.
const CLIENT: &str = "account-management";
const CA: &str = "account-management-ca";

pub(super) fn public_api(
    pipeline: &CcxPipeline,
    references: &References,
    defaults: &OperatorDefaults,
    problems: &mut Problems,
) -> Option<validated::PublicApi> {
    let spec = &pipeline.spec;
    let api = spec.public_api.as_ref()?;
    check_exposure(&api.exposure, references, problems);
    let own = Own {
        field: "spec.publicApi",
        image: api.image.as_ref(),
        resources: &api.resources,
        template: &spec.aggregator.pod_template,
        scaling: Scaling::Fixed(api.replicas),
        shutdown_timeout: config::SmartProxy::default().shutdown_timeout,
    };
    Some(validated::PublicApi {
        pods: pods::shared(spec, own, references, defaults),
        config: section(api, references, problems),
        auth: callers(&api.authentication, references, problems),
        page: page(pipeline, api, references, problems),
        has_generated_secret: api.page_secret_ref.is_none(),
        exposure: api.exposure.clone(),
        reported_host: references.public_host.clone(),
        reviews_tokens: api.authentication.token_review.is_some(),
    })
}

/// Returns the port of a URL.
pub(super) fn port(url: &str) -> Option<u16> {
    let is_encrypted = url.starts_with("https://");
    let authority = url.split("://").nth(1)?.split('/').next()?;
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => port.parse().ok(),
        _ => Some(if is_encrypted { 443 } else { 80 }),
    }
}

fn section(api: &PublicApi, references: &References, problems: &mut Problems) -> Access<config::SmartProxy> {
    let before = problems.count();
    let mut access = Access {
        config: config::SmartProxy {
            stale_after: api.stale_after.get(),
            upgrade_risks_url: api.upgrade_risks_url.clone(),
            metrics_namespace: api.metrics_namespace.clone(),
            ..config::SmartProxy::default()
        },
        ports: api.upgrade_risks_url.iter().filter_map(|url| port(url)).collect(),
        ..Access::default()
    };
    if let Some(management) = &api.account_management {
        connect(management, references, &mut access, problems);
    }
    access.missing = problems.missing_after(before);
    access
}

fn connect(
    management: &AccountManagement,
    references: &References,
    access: &mut Access<config::SmartProxy>,
    problems: &mut Problems,
) {
    let keys = &management.credentials_secret_ref;
    let field = "spec.publicApi.accountManagement.credentialsSecretRef";
    let secret = SecretSource::find(field, &keys.name, references, problems);
    let digests = [&keys.username_key, &keys.password_key].map(|key| secret.fingerprint(key, problems));
    access.inputs.insert(Input::Secret, digests.into());
    access.mounts.push(secret.mount(CLIENT, &[(&keys.password_key, file::PASSWORD)]));
    access.variables.push(secret.variable(CLIENT_VARIABLE, &keys.username_key));
    access.ports.extend(port(&management.url));
    let section = &mut access.config.account_management;
    section.url = Some(management.url.clone());
    section.client_secret_file = Some(path(CLIENT, file::PASSWORD));
    if let Some(url) = &management.token_url {
        section.token_url.clone_from(url);
    }
    access.ports.extend(port(&section.token_url));
    if let Some(reference) = &management.ca_secret_ref {
        let field = "spec.publicApi.accountManagement.caSecretRef";
        let secret = SecretSource::find(field, &reference.name, references, problems);
        access.inputs.insert(Input::Ca, vec![secret.fingerprint(&reference.key, problems)]);
        access.mounts.push(secret.mount(CA, &[(&reference.key, file::CA)]));
        section.ca_file = Some(path(CA, file::CA));
    }
}

fn check_exposure(exposure: &Exposure, references: &References, problems: &mut Problems) {
    const FIELD: &str = "spec.publicApi.exposure.type";
    let kind = match exposure.kind {
        ExposureType::ClusterIp => return,
        ExposureType::Route => Kind::Route,
        ExposureType::Ingress => Kind::Ingress,
        ExposureType::Gateway => Kind::HttpRoute,
    };
    if !references.capabilities.serves(kind) {
        problems.push_exposure_not_served(FIELD, kind);
    }
}

#[cfg(test)]
mod tests {
    use super::port;

    #[test]
    fn port_of_a_url_is_its_own_or_that_of_its_scheme() {
        let ports =
            ["https://sso", "http://sso/realms/ccx", "https://sso:8443/x", "http://[::1]:81", "http://[::1]"];
        assert_eq!(ports.map(port), [Some(443), Some(80), Some(8443), Some(81), Some(80)]);
    }
}
