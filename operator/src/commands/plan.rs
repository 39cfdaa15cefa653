//! `ccx-operator plan`

mod show;

use ccx_cli::CliError;
use ccx_operator::{PreviewError, preview};
use clap::Args;
use kube::Client;
use snafu::{ResultExt as _, Snafu};

use crate::{cli::ManifestArgs, manifest, manifest::Invalid};

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
    #[snafu(display("no cluster is configured"))]
    Connect { source: Box<kube::Error> },
    #[snafu(display("failed to plan the changes"))]
    Ask { source: PreviewError },
}

impl CliError for PlanError {
    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Connect { .. } => "set KUBECONFIG, as for kubectl".into(),
            Self::Ask { .. } => {
                "you need the rights of the operator: to get, list and patch what the resource consists of"
                    .into()
            }
        })
    }
}

pub(crate) async fn run(args: &PlanArgs) -> Result<(), Box<dyn CliError>> {
    let client = Client::try_default().await.map_err(Box::new).context(ConnectSnafu)?;
    let pipeline = manifest::read(&args.manifest, client.default_namespace())?;
    match preview(&client, &pipeline, &manifest::defaults(&args.manifest)).await {
        Ok(plan) => ccx_cli::print(show::show(&plan).trim_end())?,
        Err(PreviewError::Invalid { source }) => return Err(Invalid::from(source).into()),
        Err(source) => return Err(PlanError::Ask { source }.into()),
    }
    Ok(())
}
