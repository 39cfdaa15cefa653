//! `ccx-operator render`

use ccx_cli::CliError;
use ccx_operator::{
    build::{build, yaml},
    model::references::{Capabilities, Platform, References, referenced_names},
    validate::validate,
};
use clap::{Args, ValueEnum};
use kube::config::Kubeconfig;

use crate::{cli::ManifestArgs, manifest, manifest::Invalid};

/// Print all objects that a CcxPipeline consists of, without a cluster
///
/// The output is what the operator applies, in its order. References are not looked up: Secrets and
/// ConfigMaps are assumed to exist, and every optional kind to be served.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx-operator render -f pipeline.yaml
  ccx-operator render -f pipeline.yaml | kubectl apply --dry-run=server -f -")]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// The platform: OpenShift assigns the users of pods itself.
    #[arg(long, default_value = "kubernetes", value_name = "PLATFORM")]
    platform: PlatformArg,
}

/// Returns the namespace of the kubeconfig's context, as `plan` and kubectl use it; `default` without one.
fn context_namespace() -> String {
    let kubeconfig = Kubeconfig::read().ok();
    let namespace = kubeconfig.and_then(|config| {
        let current = config.current_context.as_ref()?;
        let named = config.contexts.iter().find(|context| context.name == *current)?;
        named.context.as_ref()?.namespace.clone()
    });
    namespace.unwrap_or_else(|| "default".to_owned())
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PlatformArg {
    Kubernetes,
    #[value(name = "openshift")]
    OpenShift,
}

pub(crate) fn run(args: &RenderArgs) -> Result<(), Box<dyn CliError>> {
    let pipeline = manifest::read(&args.manifest, &context_namespace())?;
    let platform = match args.platform {
        PlatformArg::Kubernetes => Platform::Kubernetes,
        PlatformArg::OpenShift => Platform::OpenShift,
    };
    let references = References::unknown(Capabilities::all().on(platform));
    let validated = validate(&pipeline, &references, &manifest::given_defaults(&args.manifest).into())
        .map_err(Invalid::from)?;
    for assumption in referenced_names(&pipeline).assumptions(&pipeline) {
        ccx_cli::note(&format!("warning: {assumption}"));
    }
    ccx_cli::print_document(&yaml::documents(&build(&validated)))?;
    Ok(())
}
