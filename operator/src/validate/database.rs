//! `spec.database`

mod postgresql;

use ccx_config as config;
use ccx_crds::{
    CcxPipeline, DatabaseChoice, DatabaseConnection, DeletionPolicy, ExternalDatabase, ManagedDatabase,
    TlsMode,
};
use kube::ResourceExt as _;

use crate::{
    model::{
        component::Component,
        input::Input,
        mount_paths::{ROLE_VARIABLE, file},
        names::{DATABASE_NAME, DATABASE_ROLE, certificate_secret, generated_secret},
        reason::Reason,
        references::{DatabaseVolume, References},
        resources::Ownership,
        validated::{Access, Managed, Mount, MountSource, Scaling},
    },
    validate::{
        OperatorDefaults, kafka::path, pods, pods::Own, problems::Problems, source, source::SecretSource,
    },
};

/// The volume with the authority of the managed database's certificate, or of an external one.
const CA: &str = "database-ca";

/// The volume with the password.
const CREDENTIALS: &str = "database-credentials";

/// The connection to the database, and the managed database itself.
pub(super) struct Found {
    pub(super) access: Access<config::Database>,
    pub(super) managed: Option<Managed>,
}

/// Returns the database; adds a problem when the spec has none.
pub(super) fn database(
    pipeline: &CcxPipeline,
    references: &References,
    defaults: &OperatorDefaults,
    problems: &mut Problems,
) -> Option<Found> {
    let connection = &pipeline.spec.database.connection;
    match pipeline.spec.database.choice() {
        Some(DatabaseChoice::Managed(managed)) => Some(Found {
            access: to_managed(pipeline, connection, is_encrypted(&managed), references, problems),
            managed: Some(self::managed(pipeline, &managed, references, defaults, problems)),
        }),
        Some(DatabaseChoice::External(external)) => {
            Some(Found { access: to_external(external, connection, references, problems), managed: None })
        }
        None => {
            let message = "spec.database has type External, but no external; say where the database is";
            problems.push(Reason::InvalidSpec, message);
            None
        }
    }
}

fn managed(
    pipeline: &CcxPipeline,
    managed: &ManagedDatabase,
    references: &References,
    defaults: &OperatorDefaults,
    problems: &mut Problems,
) -> Managed {
    let before = problems.count();
    let reference = managed.image.as_ref().unwrap_or(&defaults.database_image);
    if let Some(message) = postgresql::mismatch(pipeline, reference) {
        problems.push(Reason::DatabaseVersionMismatch, message);
    }
    let own = Own {
        field: "spec.database.managed",
        image: Some(reference),
        resources: &managed.resources,
        template: &managed.pod_template,
        scaling: Scaling::Fixed(1),
        shutdown_timeout: std::time::Duration::ZERO,
    };
    let pods = pods::pods(&pipeline.spec, own, references, defaults, problems);
    let ownership = match pipeline.spec.deletion_policy {
        DeletionPolicy::Retain => Ownership::Retained,
        DeletionPolicy::Delete => Ownership::Owned,
    };
    let connections = postgresql::connections(&pipeline.spec);
    let is_encrypted = is_encrypted(managed);
    Managed {
        spec: managed.clone(),
        pods,
        ownership,
        is_encrypted,
        connections,
        missing: problems.missing_after(before),
    }
}

/// The generated Secret may not exist yet: workloads are applied only after it does. While the volume exists,
/// no new one is generated, since the database would not accept its password.
fn to_managed(
    pipeline: &CcxPipeline,
    connection: &DatabaseConnection,
    is_encrypted: bool,
    references: &References,
    problems: &mut Problems,
) -> Access<config::Database> {
    let before = problems.count();
    let name = generated_secret(&pipeline.name_any());
    let secret = references.secrets.get(&name).and_then(Option::as_ref);
    let password = secret.and_then(|secret| Some((secret, secret.data.as_ref()?.get(file::PASSWORD)?)));
    let fingerprint =
        password.map(|(secret, password)| source::fingerprint(&name, secret, file::PASSWORD, &password.0));
    if password.is_none() && references.database_volume == DatabaseVolume::Present {
        let message = format!(
            "Secret {name} with the key \"{}\" does not exist, but the volume of the managed database does; restore the Secret, \
             or create it with a new password, which is then set in the database",
            file::PASSWORD
        );
        problems.push(Reason::SecretMissing, message);
    }
    let files = vec![(file::PASSWORD.to_owned(), file::PASSWORD.to_owned())];
    let mount = Mount {
        volume: CREDENTIALS.into(),
        path: crate::model::mount_paths::folder(CREDENTIALS),
        source: MountSource::Secret { name, files },
    };
    let mut access = Access {
        config: config::Database {
            host: Component::Database.object_name(&pipeline.name_any()),
            port: Component::Database.port(),
            name: DATABASE_NAME.into(),
            user: DATABASE_ROLE.into(),
            password_file: Some(path(CREDENTIALS, file::PASSWORD)),
            ..section(connection)
        },
        mounts: vec![mount],
        inputs: [(Input::Secret, fingerprint.into_iter().collect())].into(),
        ports: [Component::Database.port()].into(),
        missing: problems.missing_after(before),
        ..Access::default()
    };
    if is_encrypted {
        encrypt(&pipeline.name_any(), references, &mut access);
    }
    access
}

/// Lets clients connect by TLS only, and verify the generated certificate of the managed database. The Secret may not exist yet, as that
/// of the password.
fn encrypt(name: &str, references: &References, access: &mut Access<config::Database>) {
    let name = certificate_secret(name);
    let secret = references.secrets.get(&name).and_then(Option::as_ref);
    let authority = secret.and_then(|secret| Some((secret, secret.data.as_ref()?.get(file::CA)?)));
    let digest =
        authority.map(|(secret, authority)| source::fingerprint(&name, secret, file::CA, &authority.0));
    access.inputs.insert(Input::Ca, digest.into_iter().collect());
    let files = vec![(file::CA.to_owned(), file::CA.to_owned())];
    let source = MountSource::Secret { name, files };
    access.mounts.push(Mount { volume: CA.into(), path: crate::model::mount_paths::folder(CA), source });
    access.config.tls_mode = config::TlsMode::VerifyFull;
    access.config.ca_file = Some(path(CA, file::CA));
}

/// Whether the server has a certificate: unless its parameters disable TLS.
fn is_encrypted(managed: &ManagedDatabase) -> bool {
    let is_off =
        |value: &String| ["off", "false", "no", "0"].contains(&value.trim().to_ascii_lowercase().as_str());
    !managed.parameters.get("ssl").is_some_and(is_off)
}

fn to_external(
    external: &ExternalDatabase,
    connection: &DatabaseConnection,
    references: &References,
    problems: &mut Problems,
) -> Access<config::Database> {
    let before = problems.count();
    let keys = &external.credentials_secret_ref;
    let field = "spec.database.external.credentialsSecretRef";
    let secret = SecretSource::find(field, &keys.name, references, problems);
    let fingerprints = [&keys.username_key, &keys.password_key].map(|key| secret.fingerprint(key, problems));
    let mut access = Access {
        config: config::Database {
            host: external.host.clone(),
            port: external.port,
            name: external.name.clone(),
            tls_mode: tls_mode(external.tls_mode),
            password_file: Some(path(CREDENTIALS, file::PASSWORD)),
            ..section(connection)
        },
        mounts: vec![secret.mount(CREDENTIALS, &[(&keys.password_key, file::PASSWORD)])],
        variables: vec![secret.variable(ROLE_VARIABLE, &keys.username_key)],
        inputs: [(Input::Secret, fingerprints.into())].into(),
        ports: [external.port].into(),
        ..Access::default()
    };
    if let Some(reference) = &external.ca_secret_ref {
        let secret =
            SecretSource::find("spec.database.external.caSecretRef", &reference.name, references, problems);
        access.inputs.insert(Input::Ca, vec![secret.fingerprint(&reference.key, problems)]);
        access.mounts.push(secret.mount(CA, &[(&reference.key, file::CA)]));
        access.config.ca_file = Some(path(CA, file::CA));
    }
    access.missing = problems.missing_after(before);
    access
}

fn section(connection: &DatabaseConnection) -> config::Database {
    config::Database {
        max_connections: connection.max_connections_per_pod,
        connect_timeout: connection.connect_timeout.get(),
        statement_timeout: connection.statement_timeout.get(),
        ..config::Database::default()
    }
}

fn tls_mode(mode: TlsMode) -> config::TlsMode {
    match mode {
        TlsMode::Disable => config::TlsMode::Disable,
        TlsMode::Prefer => config::TlsMode::Prefer,
        TlsMode::Require => config::TlsMode::Require,
        TlsMode::VerifyCa => config::TlsMode::VerifyCa,
        TlsMode::VerifyFull => config::TlsMode::VerifyFull,
    }
}
