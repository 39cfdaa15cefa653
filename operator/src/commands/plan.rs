//! `ccx-operator plan`

mod show;

use ccx_cli::CliError;
use ccx_operator::{PreviewError, preview};
use clap::Args;
use kube::Client;
use snafu::Snafu;

use crate::{
    cli::ManifestArgs,
    cluster::{self, NoCluster},
    manifest::{self, Invalid},
};

/// Show what would change in the cluster, and which pods would restart and why
///
/// Every object is sent to the API server as a dry run, so that the result is exact and nothing is written.
/// Values of Secrets are not shown.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Example:
  kubectl get ccxpipeline ccx -o yaml > pipeline.yaml    # change it, then:
  ccx-operator plan -f pipeline.yaml")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    manifest: ManifestArgs,
}

/// The plan could not be derived.
#[derive(Debug, Snafu)]
pub(crate) enum PlanError {
    #[snafu(transparent)]
    Connect { source: NoCluster },
    #[snafu(display("failed to create a client for {url}: {}", cluster::text(&**error)))]
    Client { url: String, error: Box<kube::Error> },
    #[snafu(display("failed to plan the changes in {url}: {}", cluster::text(error)))]
    Ask { url: String, error: PreviewError },
}

impl CliError for PlanError {
    fn advice(&self) -> Option<String> {
        match self {
            Self::Connect { source } => Some(source.advice("set KUBECONFIG, as for kubectl")),
            Self::Client { error, .. } => cluster::advice(&**error).map(Into::into),
            Self::Ask { error, .. } => cluster::advice(error).map(Into::into),
        }
    }
}

pub(crate) async fn run(args: &PlanArgs) -> Result<(), Box<dyn CliError>> {
    let config = cluster::config().await.map_err(PlanError::from)?;
    // Before the first request: a wrong file needs no cluster.
    let pipeline = manifest::read(&args.manifest, &config.default_namespace)?;
    let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let client = Client::try_from(config)
        .map_err(|error| PlanError::Client { url: url.clone(), error: Box::new(error) })?;
    match preview(&client, &pipeline, &manifest::given_defaults(&args.manifest)).await {
        Ok(plan) => ccx_cli::print(show::show(&plan).trim_end())?,
        Err(PreviewError::Invalid { source }) => return Err(Invalid::from(source).into()),
        Err(error) => return Err(PlanError::Ask { url, error }.into()),
    }
    Ok(())
}
