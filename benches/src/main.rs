//! `ccx-bench`: each hot path beside its physical limit, measured in the same run.
//!
//! Machines differ and are shared: the ratio of a run says something, an absolute figure of another day does not.

#![expect(clippy::cast_precision_loss, reason = "figures are shown with three digits")]
#![expect(clippy::unchecked_time_subtraction, reason = "clocks of one machine that only run forward")]

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};

mod announce_to_result;
mod archive_limit;
mod archive_to_report;
mod chain;
mod error;
mod figure;
mod kafka_to_rows;
mod lists;
mod page;
mod plain_batches;
mod process;
mod python_rules;
mod reports;
mod rest;
mod row_by_row;

use error::BenchError;

/// Measures the hot paths and prints, for each, our figure, the limit and the ratio.
#[derive(Parser)]
struct Arguments {
    /// The benchmarks to run; all when none is named.
    #[arg(value_enum)]
    benchmarks: Vec<Benchmark>,
    /// Be the server that always answers the same bytes, at this address; `rest` starts it.
    #[arg(long, hide = true)]
    serve_static: Option<SocketAddr>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Benchmark {
    /// From an archive's bytes to the report, on one core.
    Archive,
    /// Rules of insights-core, beside its own engine.
    Python,
    /// From an announcement to the result, for each second of processor time; memory of the pipeline.
    Pipeline,
    /// From results in Kafka to committed rows.
    Writer,
    /// Reports by REST, under load; memory of the aggregator.
    Rest,
    /// Lists by REST, with 100,000 clusters and a million hits.
    Lists,
    /// The Advisor page, with 10,000 clusters.
    Page,
    /// One archive on an idle chain; memory of the writer.
    Chain,
}

#[tokio::main]
#[snafu::report]
async fn main() -> Result<(), BenchError> {
    let Arguments { benchmarks, serve_static } = Arguments::parse();
    if let Some(address) = serve_static {
        return rest::serve_static(address).await;
    }
    let selected = |benchmark| benchmarks.is_empty() || benchmarks.contains(&benchmark);
    if selected(Benchmark::Archive) {
        figure::print("Archive to report", &archive_to_report::run())?;
        figure::print_steps(&archive_to_report::steps())?;
    }
    if selected(Benchmark::Python) {
        figure::print("Rules of insights-core", &python_rules::run().await?)?;
    }
    if selected(Benchmark::Pipeline) {
        figure::print("Announcement to result", &announce_to_result::run().await?)?;
    }
    if selected(Benchmark::Writer) {
        figure::print("Results to rows", &kafka_to_rows::run().await?)?;
    }
    if selected(Benchmark::Rest) {
        figure::print("Reports by REST", &rest::run().await?)?;
    }
    if selected(Benchmark::Lists) {
        figure::print("Lists by REST", &lists::run().await?)?;
    }
    if selected(Benchmark::Page) {
        figure::print("The Advisor page", &page::run().await?)?;
    }
    if selected(Benchmark::Chain) {
        figure::print("One archive through the idle chain", &chain::run().await?)?;
    }
    Ok(())
}
