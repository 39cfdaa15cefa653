//! `ccx sample-archive`

use std::{fs, io, path::PathBuf, sync::LazyLock};

use ccx_cli::CliError;
use ccx_messages::ClusterId;
use ccx_sample_archive::{Fault, SampleArchive};
use chrono::Utc;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use snafu::{ResultExt, Snafu};

use crate::{argument_values, output};

/// Create a realistic archive of a cluster, with faults on request
///
/// The archive looks like one that the Insights Operator uploads. Without faults, no rule finds anything in
/// it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx sample-archive -o healthy.tar.gz
  ccx sample-archive --fault node-not-ready --fault etcd-slow-disk -o faulty.tar.gz
  ccx sample-archive --nodes 120 --pods 320 --logs-mib 13 -o large.tar.gz   # as big as they get")]
pub(crate) struct SampleArchiveArgs {
    /// Nodes of the cluster.
    #[arg(long, default_value_t = 6, value_name = "NUMBER", value_parser = argument_values::up_to::<1, 10_000>)]
    nodes: usize,
    /// Platform pods, each with a log.
    #[arg(long, default_value_t = 35, value_name = "NUMBER", value_parser = argument_values::up_to::<0, 100_000>)]
    pods: usize,
    /// Log lines beside those, in MiB.
    #[arg(long, default_value_t = 0, value_name = "NUMBER", value_parser = argument_values::up_to::<0, 1024>)]
    logs_mib: usize,
    /// A fault of the cluster; may be given several times.
    #[arg(long = "fault", value_name = "NAME", value_parser = fault_parser(), hide_possible_values = true)]
    faults: Vec<Fault>,
    /// List the faults and do nothing else.
    #[arg(long)]
    list_faults: bool,
    /// The cluster; a random one by default.
    #[arg(long, value_name = "UUID")]
    cluster_id: Option<ClusterId>,
    /// Its OpenShift version.
    #[arg(long, default_value = "4.22.3", value_name = "VERSION")]
    version: String,
    /// The file to write.
    #[arg(short, long, value_name = "FILE", required_unless_present = "list_faults")]
    output: Option<PathBuf>,
}

/// The archive can't be written.
#[derive(Debug, Snafu)]
#[snafu(display("failed to write {}", path.display()))]
pub(crate) struct WriteError {
    path: PathBuf,
    source: io::Error,
}

impl CliError for WriteError {}

pub(crate) fn run(args: &SampleArchiveArgs) -> Result<(), Box<dyn CliError>> {
    let Some(path) = args.output.as_ref().filter(|_| !args.list_faults) else {
        return list_faults();
    };
    let sample = sample(args);
    let bytes = sample.to_tar_gz();
    fs::write(path, &bytes).context(WriteSnafu { path })?;
    output::print(&format!("{}: cluster {}, {} bytes", path.display(), sample.cluster_id, bytes.len()))?;
    Ok(())
}

/// Accepts names of faults, suggests one for a misspelt name, and completes names in shells.
fn fault_parser() -> impl TypedValueParser<Value = Fault> {
    static NAMES: LazyLock<Vec<String>> =
        LazyLock::new(|| Fault::ALL.iter().map(ToString::to_string).collect());
    PossibleValuesParser::new(NAMES.iter().map(String::as_str)).try_map(|name| name.parse::<Fault>())
}

fn sample(args: &SampleArchiveArgs) -> SampleArchive {
    SampleArchive {
        version: args.version.clone(),
        nodes: args.nodes,
        pods: args.pods,
        logs_mib: args.logs_mib,
        faults: args.faults.clone(),
        gathered_at: Utc::now(),
        ..SampleArchive::new(args.cluster_id.unwrap_or_else(ClusterId::random))
    }
}

fn list_faults() -> Result<(), Box<dyn CliError>> {
    let mut table = output::table(&["FAULT", "WHAT IS WRONG", "FOUND AS"]);
    for &fault in Fault::ALL {
        table.add_row([fault.to_string(), fault.description().to_owned(), fault.error_key().to_owned()]);
    }
    output::print(&table.to_string())?;
    Ok(())
}
