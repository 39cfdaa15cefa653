//! `ccx check`

use std::{error::Error, time::Duration};

use ccx_cli::{CliError, Exit};
use ccx_config::Config;
use ccx_service::error_chain;
use ccx_storage::{Database, Schema};
use ccx_transport::{BucketAccess, ObjectStore, TopicAdmin};
use ccx_valkey::RequestStore;
use clap::{Args, ValueEnum};
use serde::Serialize;
use snafu::Snafu;

use crate::{
    cli::Global,
    commands::workload::start_logging,
    output::{self, Format},
};

/// How long one dependency may take to answer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Check that Kafka, the object storage and the database can be used
///
/// Reads only: looks for the topics, the bucket and the version of the tables with the configuration's own
/// credentials.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx --config ccx.toml check
  ccx --config ccx.toml check kafka object-storage --output json")]
pub(crate) struct CheckArgs {
    /// The dependencies to check; by default all, Valkey only when an endpoint is configured.
    #[arg(value_name = "DEPENDENCY")]
    dependencies: Vec<Dependency>,
    /// How the outcome looks.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Dependency {
    /// The brokers answer and have the topics.
    Kafka,
    /// The bucket exists, and the credentials, if there are any, give access to it.
    ObjectStorage,
    /// The database accepts the credentials, and its tables have the newest version.
    Database,
    /// The Valkey or Redis server accepts the credentials.
    Valkey,
}

/// Something that the workloads need does not work.
#[derive(Debug, Snafu)]
#[snafu(display("{failed} of {checked} dependencies can't be used"))]
pub(crate) struct CheckError {
    failed: usize,
    checked: usize,
}

impl CliError for CheckError {
    fn exit(&self) -> Exit {
        Exit::Setup
    }

    fn advice(&self) -> Option<String> {
        Some(
            "each line above names what was asked and what came back; `ccx config print` shows the settings"
                .into(),
        )
    }
}

#[derive(Serialize)]
struct Outcome {
    dependency: Dependency,
    ok: bool,
    message: String,
}

type Checked = Result<String, Box<dyn Error + Send + Sync>>;

pub(crate) async fn run(global: &Global, args: &CheckArgs) -> Result<(), Box<dyn CliError>> {
    let config = global.config()?;
    start_logging(&global.tool_logging())?;
    let dependencies = if args.dependencies.is_empty() { used(&config) } else { args.dependencies.clone() };
    let mut failed = 0;
    for &dependency in &dependencies {
        let outcome = check(dependency, &config).await;
        failed += usize::from(!outcome.ok);
        match args.output {
            Format::Text => output::print(&outcome.to_text())?,
            Format::Json => output::print_json(&outcome)?,
        }
    }
    if failed > 0 {
        CheckSnafu { failed, checked: dependencies.len() }.fail()?;
    }
    Ok(())
}

fn used(config: &Config) -> Vec<Dependency> {
    let is_used =
        |dependency: &Dependency| *dependency != Dependency::Valkey || config.valkey.endpoint.is_some();
    Dependency::value_variants().iter().copied().filter(is_used).collect()
}

async fn check(dependency: Dependency, config: &Config) -> Outcome {
    let checked = tokio::time::timeout(TIMEOUT, async {
        match dependency {
            Dependency::Kafka => kafka(config).await,
            Dependency::ObjectStorage => object_storage(config).await,
            Dependency::Database => database(config).await,
            Dependency::Valkey => valkey(config).await,
        }
    });
    let checked = checked.await.unwrap_or_else(|_| Err(format!("no answer within {TIMEOUT:?}").into()));
    let ok = checked.is_ok();
    Outcome { dependency, ok, message: checked.unwrap_or_else(|error| error_chain(&*error)) }
}

async fn kafka(config: &Config) -> Checked {
    let settings = config.kafka.clone();
    let topics: Vec<String> = config.topics_in_use().into_iter().map(str::to_owned).collect();
    let looked_up = tokio::task::spawn_blocking(move || -> Checked {
        let admin = TopicAdmin::connect(&settings)?;
        let mut missing = Vec::new();
        for topic in topics {
            if admin.partitions(&topic)?.is_none() {
                missing.push(topic);
            }
        }
        match &missing[..] {
            [] => Ok(format!("{} have all topics", settings.bootstrap_servers.join(","))),
            missing => {
                Err(format!("topics are missing: {}; `ccx topics ensure` creates them", missing.join(", "))
                    .into())
            }
        }
    });
    looked_up.await?
}

/// Without credentials.
const PRESIGNED_ONLY: &str = "the object storage answers; there are no credentials, so only presigned links can be used: \
     enough for the pipeline, not for `ccx upload` and s3:// links (object_storage.access_key_id)";

async fn object_storage(config: &Config) -> Checked {
    let settings = &config.object_storage;
    let bucket = &settings.bucket;
    if bucket.is_empty() {
        return Err("no bucket to check: object_storage.bucket is empty".into());
    }
    Ok(match ObjectStore::check_bucket(settings).await? {
        BucketAccess::Authorized => {
            format!("the bucket {bucket} exists, and the credentials give access to it")
        }
        BucketAccess::PresignedOnly => PRESIGNED_ONLY.into(),
    })
}

async fn database(config: &Config) -> Checked {
    let settings = &config.database;
    let database = Database::connect(settings)?;
    database.ping().await?;
    database.require_newest(Schema::Public).await?;
    if !config.kafka.topics.workloads.is_empty() {
        database.require_newest(Schema::Dvo).await?;
    }
    Ok(format!("{} at {}:{} has tables of the newest version", settings.name, settings.host, settings.port))
}

async fn valkey(config: &Config) -> Checked {
    RequestStore::new(&config.valkey)?.ping().await?;
    Ok(format!("{} answers", config.valkey.endpoint.as_deref().unwrap_or_default()))
}

impl Outcome {
    fn to_text(&self) -> String {
        let name =
            self.dependency.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        format!("{name}: {}{}", if self.ok { "" } else { "FAILED: " }, self.message)
    }
}
