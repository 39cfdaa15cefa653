//! The pod of PostgreSQL, for images with the entry point of the official image.

use std::collections::BTreeMap;

use ccx_crds::StorageVolume;
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, ExecAction, Lifecycle, LifecycleHandler,
    PersistentVolumeClaimVolumeSource, PodSpec, PodTemplateSpec, Probe, Volume, VolumeMount,
};

use crate::{
    build::{
        database::{COMPONENT, access},
        pod::{labelled, pull_secrets, with_overrides},
        security,
        security::DATABASE_USER,
        volume::{volume, volume_mount},
    },
    model::{
        input::Input,
        input_digest::to_annotation,
        mount_paths,
        mount_paths::file,
        names,
        names::{DATABASE_CONTAINER, DATABASE_NAME, DATABASE_ROLE},
        validated::{Managed, Mount, MountSource, ValidatedPipeline},
    },
};

/// The name of the port.
pub(super) const PORT_NAME: &str = "postgresql";

/// The mount path of the volume. The data is in a subdirectory: the root of the volume contains `lost+found`.
const VOLUME_FOLDER: &str = "/var/lib/postgresql/data";

/// The volume with the password, named as in the pods of the workloads.
const CREDENTIALS: &str = "database-credentials";

/// The volume with the certificate and its key.
const CERTIFICATE: &str = "database-tls";

/// The volume with the rules of access.
const ACCESS: &str = "database-access";

/// The time that the server has to close its sessions and write a checkpoint, so that it starts without
/// recovery.
const GRACE_SECONDS: i64 = 120;

/// The time that crash recovery may take at the start: a day.
const STARTUP_SECONDS: i32 = 24 * 3600;

/// The shared memory of parallel queries; the default of a container is 64 MB, which large ones exceed.
const SHARED_MEMORY: &str = "256Mi";

/// The size of sockets and temporary files of the image; those of the server are with the data.
const SCRATCH: &str = "64Mi";

pub(super) fn template(pipeline: &ValidatedPipeline, managed: &Managed) -> PodTemplateSpec {
    let name = COMPONENT.object_name(pipeline.name.as_str());
    let mounts = mounts(&name);
    let access = managed.is_encrypted.then(|| access_mount(pipeline));
    let certificate = managed.is_encrypted.then(|| certificate_mount(pipeline));
    let mounts: Vec<Mount> = mounts.into_iter().chain(access).collect();
    let volumes = mounts.iter().map(volume).chain(certificate.iter().map(private_volume));
    let spec = PodSpec {
        service_account_name: Some(name.clone()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(security::pod(pipeline.platform, DATABASE_USER)),
        image_pull_secrets: pull_secrets(&managed.pods.image),
        termination_grace_period_seconds: Some(GRACE_SECONDS),
        volumes: Some([data_volume(managed, name)].into_iter().chain(volumes).collect()),
        containers: vec![container(managed, mounts.iter().chain(&certificate))],
        ..PodSpec::default()
    };
    let metadata = labelled(pipeline, COMPONENT.name(), digests(pipeline, managed));
    with_overrides(PodTemplateSpec { metadata: Some(metadata), spec: Some(spec) }, &managed.spec.pod_template)
}

/// A changed password restarts the server, which then sets it; so do changed values of its variables.
fn digests(pipeline: &ValidatedPipeline, managed: &Managed) -> BTreeMap<String, String> {
    let password = pipeline.database.inputs.get(&Input::Secret);
    let digests = |input: Input| {
        let own = password.filter(|_| input == Input::Secret).into_iter();
        own.chain(managed.pods.inputs.get(&input)).flatten().cloned().collect::<Vec<_>>()
    };
    let used = Input::ALL.map(|input| (input, digests(input))).into_iter();
    let used = used.filter(|(_, digests)| !digests.is_empty());
    used.map(|(input, digests)| (input.annotation().to_owned(), to_annotation(&digests))).collect()
}

fn container<'a>(managed: &Managed, mounts: impl Iterator<Item = &'a Mount>) -> Container {
    let image = &managed.pods.image;
    Container {
        name: DATABASE_CONTAINER.into(),
        image: Some(image.reference.clone()),
        image_pull_policy: Some(image.pull_policy.to_owned()),
        args: Some(arguments(managed)),
        env: Some(environment()),
        ports: Some(vec![ContainerPort {
            name: Some(PORT_NAME.into()),
            container_port: COMPONENT.port().into(),
            protocol: Some("TCP".into()),
            ..ContainerPort::default()
        }]),
        resources: Some(managed.pods.resources.clone()),
        security_context: Some(security::container()),
        termination_message_policy: Some("FallbackToLogsOnError".into()),
        lifecycle: Some(Lifecycle {
            post_start: Some(set_password()),
            pre_stop: Some(stop_fast()),
            ..Lifecycle::default()
        }),
        startup_probe: Some(Probe {
            period_seconds: Some(5),
            failure_threshold: Some(STARTUP_SECONDS / 5),
            ..is_ready()
        }),
        readiness_probe: Some(Probe {
            period_seconds: Some(5),
            failure_threshold: Some(2),
            ..is_ready_and_current(managed)
        }),
        liveness_probe: Some(Probe { period_seconds: Some(10), failure_threshold: Some(6), ..responds() }),
        volume_mounts: Some([data_mount()].into_iter().chain(mounts.map(volume_mount)).collect()),
        ..Container::default()
    }
}

fn arguments(managed: &Managed) -> Vec<String> {
    let given = managed.spec.parameters.iter().map(|(name, value)| format!("{name}={value}"));
    let settings = max_connections(managed.connections).into_iter().chain(encryption(managed));
    let settings = settings.chain(access(managed)).chain(given);
    let settings = settings.flat_map(|setting| ["-c".to_owned(), setting]);
    ["postgres".to_owned()].into_iter().chain(settings).collect()
}

/// Returns the setting if the pods may open more connections than the default allows. It is rounded up, so that few
/// changes of the number of pods restart the server; a parameter of the user comes after it and counts.
fn max_connections(needed: u32) -> Option<String> {
    const DEFAULT: u32 = 100;
    (needed > DEFAULT).then(|| format!("max_connections={}", needed.div_ceil(DEFAULT) * DEFAULT))
}

/// Returns the settings of TLS.
fn encryption(managed: &Managed) -> Vec<String> {
    let path = |name: &str| format!("{}/{name}", mount_paths::folder(CERTIFICATE));
    let settings = || {
        let certificate = format!("ssl_cert_file={}", path(file::CERTIFICATE));
        vec!["ssl=on".to_owned(), certificate, format!("ssl_key_file={}", path(file::PRIVATE_KEY))]
    };
    managed.is_encrypted.then(settings).unwrap_or_default()
}

/// Returns the setting of the rules of access, which replace those of the image.
fn access(managed: &Managed) -> Option<String> {
    let path = format!("{}/{}", mount_paths::folder(ACCESS), access::FILE);
    managed.is_encrypted.then(|| format!("hba_file={path}"))
}

fn access_mount(pipeline: &ValidatedPipeline) -> Mount {
    let source = MountSource::ConfigMap { name: access::name(pipeline), files: Vec::new() };
    Mount { volume: ACCESS.into(), path: mount_paths::folder(ACCESS), source }
}

fn certificate_mount(pipeline: &ValidatedPipeline) -> Mount {
    let name = names::certificate_secret(pipeline.name.as_str());
    let files = [file::CERTIFICATE, file::PRIVATE_KEY].map(|name| (name.to_owned(), name.to_owned()));
    let source = MountSource::Secret { name, files: files.into() };
    Mount { volume: CERTIFICATE.into(), path: mount_paths::folder(CERTIFICATE), source }
}

/// Returns a volume that only root and the group of the pod can read: PostgreSQL refuses a key that others can.
fn private_volume(mount: &Mount) -> Volume {
    let mut volume = volume(mount);
    if let Some(secret) = &mut volume.secret {
        secret.default_mode = Some(0o440);
    }
    volume
}

fn environment() -> Vec<EnvVar> {
    let variables = [
        ("PGDATA", format!("{VOLUME_FOLDER}/pgdata")),
        ("POSTGRES_USER", DATABASE_ROLE.to_owned()),
        ("POSTGRES_DB", DATABASE_NAME.to_owned()),
        ("POSTGRES_PASSWORD_FILE", format!("{}/{}", mount_paths::folder(CREDENTIALS), file::PASSWORD)),
        ("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256 --data-checksums".to_owned()),
    ];
    variables
        .map(|(name, value)| EnvVar { name: name.to_owned(), value: Some(value), value_from: None })
        .into()
}

/// Sets the password of the role to that of the Secret by the local socket, which needs none: the image reads
/// it only while the volume is empty. Waits as long as crash recovery takes; until it succeeds, the pod is
/// not ready.
fn set_password() -> LifecycleHandler {
    let password = format!("{}/{}", mount_paths::folder(CREDENTIALS), file::PASSWORD);
    let sql = format!(
        "SET log_statement = 'none'; SET log_min_error_statement = 'panic';\n\\set password `cat {password}`\nALTER ROLE \"{DATABASE_ROLE}\" PASSWORD :'password';"
    );
    let psql = format!(
        "psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --host=/var/run/postgresql --username={DATABASE_ROLE} --dbname=postgres"
    );
    let script = format!("until {psql} >/dev/null 2>&1 <<'SQL'\n{sql}\nSQL\ndo sleep 1; done");
    let command = ["sh", "-c", &script].map(str::to_owned);
    LifecycleHandler {
        exec: Some(ExecAction { command: Some(command.into()) }),
        ..LifecycleHandler::default()
    }
}

/// Ends all sessions and stops the server with a checkpoint. SIGTERM, which Kubernetes sends unless the image names another signal, lets
/// PostgreSQL wait for its clients to disconnect, until it is killed and has to recover at its next start.
fn stop_fast() -> LifecycleHandler {
    let script = "{ read -r pid <\"$PGDATA/postmaster.pid\" && kill -INT \"$pid\"; } 2>/dev/null || :";
    let command = ["sh", "-c", script].map(str::to_owned);
    LifecycleHandler {
        exec: Some(ExecAction { command: Some(command.into()) }),
        ..LifecycleHandler::default()
    }
}

/// Checks that the server responds: while it recovers from a crash of one of its processes, it responds that it
/// accepts no connections, and a restart would start the recovery again.
fn responds() -> Probe {
    let check = format!(
        "pg_isready -q -h 127.0.0.1 -p {} -U {DATABASE_ROLE} -d {DATABASE_NAME}; [ $? -le 1 ]",
        COMPONENT.port()
    );
    let command = ["sh", "-c", &check].map(str::to_owned);
    Probe {
        exec: Some(ExecAction { command: Some(command.into()) }),
        timeout_seconds: Some(5),
        ..Probe::default()
    }
}

/// Checks by TCP: while the image initializes the data, a temporary server listens on the socket only.
fn is_ready() -> Probe {
    let port = COMPONENT.port().to_string();
    let command = ["pg_isready", "-h", "127.0.0.1", "-p", &port, "-U", DATABASE_ROLE, "-d", DATABASE_NAME]
        .map(str::to_owned);
    Probe {
        exec: Some(ExecAction { command: Some(command.into()) }),
        timeout_seconds: Some(5),
        ..Probe::default()
    }
}

/// Checks the same, and lets the server read a renewed certificate: the kubelet updates the files, and PostgreSQL reads them when its
/// configuration is reloaded. A failure to reload is tried again by the next probe.
fn is_ready_and_current(managed: &Managed) -> Probe {
    let port = COMPONENT.port();
    if !managed.is_encrypted {
        return is_ready();
    }
    let (certificate, loaded) = (
        format!("{}/{}", mount_paths::folder(CERTIFICATE), file::CERTIFICATE),
        format!("/tmp/loaded-{}", file::CERTIFICATE),
    );
    let reload = format!(
        "psql --quiet --no-psqlrc --host=/var/run/postgresql --username={DATABASE_ROLE} --dbname=postgres --command='SELECT pg_reload_conf()'"
    );
    let check = format!(
        "pg_isready -q -h 127.0.0.1 -p {port} -U {DATABASE_ROLE} -d {DATABASE_NAME} || exit $?\n\
         now=$(cat {certificate})\n\
         [ \"$now\" = \"$(cat {loaded} 2>/dev/null)\" ] || {{ {reload} >/dev/null && echo \"$now\" >{loaded}; }}\n\
         exit 0"
    );
    let command = ["sh", "-c", &check].map(str::to_owned);
    Probe {
        exec: Some(ExecAction { command: Some(command.into()) }),
        timeout_seconds: Some(5),
        ..Probe::default()
    }
}

fn mounts(secret: &str) -> [Mount; 4] {
    let mount = |volume: &str, path: &str, source| Mount { volume: volume.into(), path: path.into(), source };
    let scratch = || MountSource::Scratch { size_limit: SCRATCH.into() };
    let files = vec![(file::PASSWORD.into(), file::PASSWORD.into())];
    let password = MountSource::Secret { name: secret.into(), files };
    [
        mount("password", &mount_paths::folder(CREDENTIALS), password),
        mount("run", "/var/run/postgresql", scratch()),
        mount("tmp", "/tmp", scratch()),
        mount("shared-memory", "/dev/shm", MountSource::Memory { size_limit: Some(SHARED_MEMORY.into()) }),
    ]
}

fn data_mount() -> VolumeMount {
    VolumeMount { name: "data".into(), mount_path: VOLUME_FOLDER.into(), ..VolumeMount::default() }
}

fn data_volume(managed: &Managed, claim_name: String) -> Volume {
    match managed.spec.storage.volume {
        StorageVolume::Persistent => {
            let claim = PersistentVolumeClaimVolumeSource { claim_name, read_only: None };
            Volume { name: "data".into(), persistent_volume_claim: Some(claim), ..Volume::default() }
        }
        StorageVolume::Ephemeral => {
            let size_limit = managed.spec.storage.size.as_str().to_owned();
            volume(&Mount {
                volume: "data".into(),
                path: VOLUME_FOLDER.into(),
                source: MountSource::Scratch { size_limit },
            })
        }
    }
}
