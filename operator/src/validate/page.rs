//! `spec.publicApi.login` and `spec.publicApi.pageSecretRef`

use ccx_config as config;
use ccx_crds::{CcxPipeline, ExposureType, PageLogin, PublicApi};
use kube::ResourceExt as _;

use crate::{
    model::{
        input::Input,
        mount_paths::{file, folder},
        names::page_secret,
        references::{Knowledge, References},
        validated::{Access, Mount, MountSource},
    },
    validate::{kafka::path, problems::Problems, source, source::SecretSource},
};

/// The volumes with the secret of the page, and with that of its client at the provider.
const PAGE: &str = "page";
const CLIENT: &str = "page-login";

/// Returns the configuration of the Advisor page.
pub(super) fn page(
    pipeline: &CcxPipeline,
    api: &PublicApi,
    references: &References,
    problems: &mut Problems,
) -> Access<config::Web> {
    let before = problems.count();
    let mut access = Access::<config::Web>::default();
    match &api.page_secret_ref {
        Some(reference) => {
            let field = "spec.publicApi.pageSecretRef";
            let secret = SecretSource::find(field, &reference.name, references, problems);
            access
                .inputs
                .entry(Input::Secret)
                .or_default()
                .push(secret.fingerprint(&reference.key, problems));
            access.mounts.push(secret.mount(PAGE, &[(&reference.key, file::SECRET)]));
            access.config.secret_file = Some(path(PAGE, file::SECRET));
        }
        None => use_generated(pipeline, api, references, &mut access),
    }
    if let Some(login) = &api.login {
        log_in(login, api, references, &mut access, problems);
    }
    access.missing = problems.missing_after(before);
    access
}

/// Uses the generated secret. It may not exist yet, or the operator may not be allowed to create it: without a login, the page works
/// without it, except that one pod refuses the forms of another.
fn use_generated(
    pipeline: &CcxPipeline,
    api: &PublicApi,
    references: &References,
    access: &mut Access<config::Web>,
) {
    let name = page_secret(&pipeline.name_any());
    let secret = references.secrets.get(&name).and_then(Option::as_ref);
    let value = secret.and_then(|secret| Some((secret, secret.data.as_ref()?.get(file::SECRET)?)));
    if let Some((secret, value)) = value {
        let digest = source::fingerprint(&name, secret, file::SECRET, &value.0);
        access.inputs.insert(Input::Secret, vec![digest]);
    } else if references.knowledge == Knowledge::Complete && api.login.is_none() {
        return;
    }
    let files = vec![(file::SECRET.to_owned(), file::SECRET.to_owned())];
    let source = MountSource::Secret { name, files };
    access.mounts.push(Mount { volume: PAGE.into(), path: folder(PAGE), source });
    access.config.secret_file = Some(path(PAGE, file::SECRET));
}

fn log_in(
    login: &PageLogin,
    api: &PublicApi,
    references: &References,
    access: &mut Access<config::Web>,
    problems: &mut Problems,
) {
    access.config.login = config::WebLogin {
        client_id: Some(login.client_id.clone()),
        url: login.url.clone().or_else(|| exposed_url(api)),
        scopes: login.scopes.clone(),
        max_session: login.max_session.get(),
        ..config::WebLogin::default()
    };
    if let Some(reference) = &login.client_secret_ref {
        let field = "spec.publicApi.login.clientSecretRef";
        let secret = SecretSource::find(field, &reference.name, references, problems);
        access.inputs.entry(Input::Secret).or_default().push(secret.fingerprint(&reference.key, problems));
        access.mounts.push(secret.mount(CLIENT, &[(&reference.key, file::SECRET)]));
        access.config.login.client_secret_file = Some(path(CLIENT, file::SECRET));
    }
}

fn exposed_url(api: &PublicApi) -> Option<String> {
    let host = api.exposure.host.as_ref().filter(|_| api.exposure.kind != ExposureType::ClusterIp)?;
    Some(format!("https://{host}"))
}
