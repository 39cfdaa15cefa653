//! `spec.publicApi.authentication`

use ccx_config as config;
use ccx_crds::{CallerAuthentication, Oidc};

use crate::{
    model::{
        input::Input,
        mount_paths::{file, folder},
        references::References,
        validated::{Access, Mount, MountSource},
    },
    validate::{kafka::path, problems::Problems, source::SecretSource},
};

/// The volumes with the tokens of clusters, and with the authorities of the OIDC provider.
const TOKENS: &str = "cluster-tokens";
const OIDC_CA: &str = "oidc-ca";

/// The ports of API servers: of its Service, and of common distributions on its hosts, which a policy has to name.
const API_SERVER_PORTS: [u16; 4] = [443, 6443, 8443, 16443];

/// Returns the authentication of callers. Pods read the tokens of clusters again when their Secret changes.
pub(super) fn callers(
    authentication: &CallerAuthentication,
    references: &References,
    problems: &mut Problems,
) -> Access<config::Auth> {
    let before = problems.count();
    let mut access = Access {
        config: config::Auth {
            trust_identity_header: authentication.trust_identity_header,
            anonymous_organization: authentication.anonymous_organization,
            internal_organizations: authentication.internal_organizations.clone(),
            ..config::Auth::default()
        },
        ..Access::default()
    };
    if let Some(reference) = &authentication.cluster_tokens_secret_ref {
        let field = "spec.publicApi.authentication.clusterTokensSecretRef";
        SecretSource::find(field, &reference.name, references, problems);
        let source = MountSource::Secret { name: reference.name.clone(), files: Vec::new() };
        access.mounts.push(Mount { volume: TOKENS.into(), path: folder(TOKENS), source });
        access.config.cluster_tokens = Some(folder(TOKENS).into());
    }
    if let Some(oidc) = &authentication.oidc {
        trust(oidc, references, &mut access, problems);
    }
    if let Some(review) = &authentication.token_review {
        access.config.token_review.organization = Some(review.organization);
        access.config.token_review.resource.clone_from(&review.resource);
        access.ports.extend(API_SERVER_PORTS);
    }
    access.missing = problems.missing_after(before);
    access
}

fn trust(oidc: &Oidc, references: &References, access: &mut Access<config::Auth>, problems: &mut Problems) {
    access.config.oidc = config::Oidc {
        issuer: Some(oidc.issuer.clone()),
        audiences: oidc.audiences.clone(),
        organization_claim: oidc.organization_claim.clone(),
        organization: oidc.organization,
        ..config::Oidc::default()
    };
    access.ports.extend(super::public_api::port(&oidc.issuer));
    if let Some(reference) = &oidc.ca_secret_ref {
        let field = "spec.publicApi.authentication.oidc.caSecretRef";
        let secret = SecretSource::find(field, &reference.name, references, problems);
        access.inputs.insert(Input::Ca, vec![secret.fingerprint(&reference.key, problems)]);
        access.mounts.push(secret.mount(OIDC_CA, &[(&reference.key, file::CA)]));
        access.config.oidc.ca_file = Some(path(OIDC_CA, file::CA));
    }
}
