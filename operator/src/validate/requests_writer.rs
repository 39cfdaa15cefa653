//! `spec.requestsWriter`

use ccx_config as config;
use ccx_crds::{CcxPipelineSpec, Valkey, ValkeyTls};

use crate::{
    model::{
        input::Input,
        mount_paths::{VALKEY_USER_VARIABLE, file},
        references::References,
        validated::{self, Access, Scaling},
    },
    validate::{
        OperatorDefaults,
        kafka::{path, port},
        pods,
        pods::Own,
        problems::Problems,
        source::SecretSource,
    },
};

/// The volumes with the password and with the authorities.
const CREDENTIALS: &str = "valkey-credentials";
const CA: &str = "valkey-ca";

pub(super) fn requests_writer(
    spec: &CcxPipelineSpec,
    references: &References,
    defaults: &OperatorDefaults,
    problems: &mut Problems,
) -> Option<validated::RequestsWriter> {
    let writer = spec.requests_writer.as_ref()?;
    let own = Own {
        field: "spec.requestsWriter",
        image: writer.image.as_ref(),
        resources: &writer.resources,
        template: &spec.db_writer.pod_template,
        scaling: Scaling::Fixed(writer.replicas),
        shutdown_timeout: spec.db_writer.shutdown_timeout.get(),
    };
    let config = config::ValkeyWriter {
        group: writer.consumer_group.clone(),
        metrics_namespace: writer.metrics_namespace.clone(),
        expiration: writer.expiration.get(),
        ..config::ValkeyWriter::default()
    };
    let valkey = writer.valkey.as_ref().map(|server| valkey(server, references, problems));
    Some(validated::RequestsWriter { pods: pods::shared(spec, own, references, defaults), config, valkey })
}

fn valkey(valkey: &Valkey, references: &References, problems: &mut Problems) -> Access<config::Valkey> {
    let before = problems.count();
    let mut access = Access {
        config: config::Valkey {
            endpoint: Some(valkey.endpoint.clone()),
            database: valkey.database,
            tls: valkey.tls == ValkeyTls::Enabled,
            ..config::Valkey::default()
        },
        ports: port(&valkey.endpoint, problems).into_iter().collect(),
        ..Access::default()
    };
    if let Some(keys) = &valkey.credentials_secret_ref {
        let field = "spec.requestsWriter.valkey.credentialsSecretRef";
        let secret = SecretSource::find(field, &keys.name, references, problems);
        // The name of the default user may be empty.
        let user = secret.fingerprint_or_empty(&keys.username_key, problems);
        let digests = [user, secret.fingerprint(&keys.password_key, problems)];
        access.inputs.insert(Input::Secret, digests.into());
        access.mounts.push(secret.mount(CREDENTIALS, &[(&keys.password_key, file::PASSWORD)]));
        access.variables.push(secret.variable(VALKEY_USER_VARIABLE, &keys.username_key));
        access.config.password_file = Some(path(CREDENTIALS, file::PASSWORD));
    }
    if let Some(reference) = &valkey.ca_secret_ref {
        let field = "spec.requestsWriter.valkey.caSecretRef";
        let secret = SecretSource::find(field, &reference.name, references, problems);
        access.inputs.insert(Input::Ca, vec![secret.fingerprint(&reference.key, problems)]);
        access.mounts.push(secret.mount(CA, &[(&reference.key, file::CA)]));
        access.config.ca_file = Some(path(CA, file::CA));
    }
    access.missing = problems.missing_after(before);
    access
}
