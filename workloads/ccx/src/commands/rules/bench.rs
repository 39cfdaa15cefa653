//! `ccx rules bench`

use std::{path::PathBuf, time::Duration};

use ccx_archive::{Archive, Limits};
use ccx_cli::CliError;
use ccx_messages::ClusterId;
use ccx_rules::{Budget, Engine, Profile, Rule};
use ccx_sample_archive::SampleArchive;
use clap::Args;
use serde::Serialize;
use snafu::{ResultExt, Snafu};

use super::files::{ClusterArchive, read_archive, read_given_rules};
use crate::output::{self, Format};

/// Measure the run time of each rule on an archive
///
/// Takes the cheapest of many rounds. ALONE is a rule's own time when its documents are parsed; FIRST is its
/// time when it comes first and parses what it reads, which the rules after it do not pay again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx rules bench                                  # the built-in rules, on a sample archive
  ccx rules bench rules/ --archive insights-2026-01-15-120000.tar.gz")]
pub(crate) struct BenchArgs {
    /// Files, directories, or .tar(.gz) archives of rules; without one, the built-in rules.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The archive: a file, or a folder with its content; without one, a sample of 1.4 MB.
    #[arg(long, value_name = "ARCHIVE")]
    archive: Option<PathBuf>,
    /// The number of runs of each rule.
    #[arg(long, default_value_t = 50, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Format of the results.
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    output: Format,
}

#[derive(Debug, Snafu)]
#[snafu(display("failed to read the sample archive"))]
struct SampleError {
    source: ccx_archive::ArchiveError,
}

impl CliError for SampleError {}

#[derive(Clone, Debug, Serialize)]
struct Cost {
    rule: String,
    verdict: &'static str,
    first_us: f64,
    alone_us: f64,
}

pub(super) fn run(args: &BenchArgs) -> Result<(), Box<dyn CliError>> {
    let engine = if args.paths.is_empty() {
        ccx_builtin_rules::engine()
    } else {
        let rules = read_given_rules(&args.paths)?.into_iter().map(|rule| Box::new(rule) as Box<dyn Rule>);
        Engine::new(rules.collect(), Budget::default())
    };
    let ClusterArchive { archive, gathered_at } =
        args.archive.as_deref().map_or_else(sample, |path| Ok(read_archive(path)?))?;
    let mut costs = costs(&engine.profile(&archive, gathered_at));
    for _ in 1..args.rounds {
        for (cost, again) in costs.iter_mut().zip(self::costs(&engine.profile(&archive, gathered_at))) {
            cost.first_us = cost.first_us.min(again.first_us);
            cost.alone_us = cost.alone_us.min(again.alone_us);
        }
    }
    costs.sort_by(|a, b| b.alone_us.total_cmp(&a.alone_us));
    show(&costs, args.output)
}

fn sample() -> Result<ClusterArchive, Box<dyn CliError>> {
    let sample = SampleArchive::small(ClusterId::random());
    let archive = Archive::read(sample.to_tar_gz().into(), &Limits::default()).context(SampleSnafu)?;
    Ok(ClusterArchive { archive, gathered_at: Some(sample.gathered_at) })
}

fn costs(profile: &Profile) -> Vec<Cost> {
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let cost = |cost: &ccx_rules::RuleCost| Cost {
        rule: cost.rule.rule.to_string(),
        verdict: cost.verdict.as_str(),
        first_us: micros(cost.first),
        alone_us: micros(cost.alone),
    };
    profile.rules.iter().map(cost).collect()
}

fn show(costs: &[Cost], format: Format) -> Result<(), Box<dyn CliError>> {
    if format == Format::Json {
        return Ok(costs.iter().try_for_each(output::print_json)?);
    }
    let mut table = output::table(&["RULE", "VERDICT", "FIRST, µs", "ALONE, µs"]);
    for Cost { rule, verdict, first_us, alone_us } in costs {
        table.add_row([rule.clone(), (*verdict).into(), format!("{first_us:.1}"), format!("{alone_us:.1}")]);
    }
    output::print(&table.to_string())?;
    let total: f64 = costs.iter().map(|cost| cost.alone_us).sum();
    Ok(output::print(&format!("{} rule(s), {total:.0} µs alone", costs.len()))?)
}
