//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{
    arguments,
    commands::{completion::CompletionArgs, plan::PlanArgs, render::RenderArgs, run::RunArgs},
};

/// Runs the CCX data pipeline on Kubernetes and OpenShift, as CcxPipeline resources describe it.
#[derive(Debug, Parser)]
#[command(name = "ccx-operator", version, after_long_help = LONG_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const LONG_HELP: &str = "\
From a resource to a running pipeline:
  ccx-operator crd | kubectl apply --server-side -f -     # install the definition
  ccx-operator render -f pipeline.yaml                    # print its objects, without a cluster
  ccx-operator plan -f pipeline.yaml                      # show what would change, and which pods would restart
  kubectl apply -f pipeline.yaml                          # apply it

Exit codes:
  0  success
  1  failure
  2  invalid command line or resource";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Render(RenderArgs),
    Plan(PlanArgs),
    Run(RunArgs),
    /// Print the definition of the kind CcxPipeline, for `kubectl apply --server-side -f -`
    ///
    /// It is the same that the Helm chart installs. Server-side, because its descriptions do not fit into an
    /// annotation.
    #[command(after_long_help = "Example:\n  ccx-operator crd | kubectl apply --server-side -f -")]
    Crd,
    Completion(CompletionArgs),
}

/// The arguments of commands that read a resource.
#[derive(Debug, Args)]
pub(crate) struct ManifestArgs {
    /// The CcxPipeline, as YAML; `-` reads standard input.
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The namespace, when the resource names none; that of the kubeconfig's context when absent.
    #[arg(short, long, value_name = "NAMESPACE", value_parser = arguments::namespace)]
    pub(crate) namespace: Option<String>,
    /// The image of the workloads, when the resource names none; `plan` takes that of the present pods when absent.
    #[arg(long, env = "CCX_IMAGE", value_name = "IMAGE", value_parser = arguments::image)]
    pub(crate) image: Option<String>,
    /// The image of managed databases, when the resource names none; `plan` takes the present one when absent.
    #[arg(long, env = "CCX_DATABASE_IMAGE", value_name = "IMAGE", value_parser = arguments::image)]
    pub(crate) database_image: Option<String>,
    /// The namespace of the operator, from which NetworkPolicies allow its probes; that of the present ones, or any,
    /// when absent.
    #[arg(long, env = "CCX_OPERATOR_NAMESPACE", value_name = "NAMESPACE", value_parser = arguments::namespace)]
    pub(crate) operator_namespace: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            assert!(command.get_long_about().is_some(), "{} has no long description", command.get_name());
        }
    }

    #[test]
    fn file_of_resource_is_required() {
        assert!(Cli::try_parse_from(["ccx-operator", "render", "-f", "cr.yaml", "-n", "insights"]).is_ok());
        assert!(Cli::try_parse_from(["ccx-operator", "render"]).is_err());
    }
}
