//! Reports by REST under load: `ccx aggregator` beside a server that always answers the same bytes, both under wrk with 64
//! connections, all on the same cores.

use std::{fmt::Write as _, fs, net::SocketAddr, process::Command, time::Duration};

use axum::{Router, routing::get};
use bytesize::ByteSize;
use ccx_config::{Authentication, Config};
use ccx_local::Postgres;
use ccx_messages::ClusterId;
use ccx_storage::Database;
use chrono::Utc;
use snafu::OptionExt;
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;

use crate::{
    error::{BenchError, WrkSnafu},
    figure::{Better, Figure},
    process::{Workload, free_address, settle},
    reports::{last_checked, org_id, row},
};

/// Clusters that are asked for in turn.
const CLUSTERS: usize = 1000;

/// The time that each server is under load.
const LOAD_SECONDS: u32 = 8;

/// Requests a second with and without the cache, and the memory of an aggregator that has nothing to do.
pub(crate) async fn run() -> Result<Vec<Figure>, BenchError> {
    let postgres = Postgres::start().await?;
    let mut config = Config { database: postgres.create_database().await?, ..Config::default() };
    config.aggregator.authentication = Authentication::None;
    let clusters = seed(&config.database).await?;
    let paths: Vec<String> = clusters
        .iter()
        .map(|cluster| format!("/api/v1/organizations/{}/clusters/{cluster}/users/1/report", org_id()))
        .collect();

    let (cached, idle_bytes) = load_aggregator(&mut config, &paths).await?;
    config.aggregator.max_cache = ByteSize(0);
    let (uncached, _) = load_aggregator(&mut config, &paths).await?;
    let (fixed, bare_bytes) = load_static_server(&paths)?;

    let rate = |what: &str, ours: f64| Figure {
        what: format!("REST report, {what}"),
        unit: "requests/s",
        better: Better::Higher,
        ours,
        limit: fixed,
        limit_is: "the same bytes from memory",
    };
    let memory = Figure {
        what: "memory of an idle aggregator".into(),
        unit: "MB",
        better: Better::Lower,
        ours: idle_bytes as f64 / 1e6,
        limit: bare_bytes as f64 / 1e6,
        limit_is: "a bare HTTP server",
    };
    Ok(vec![rate("cached", cached), rate("from the database each time", uncached), memory])
}

async fn seed(settings: &ccx_config::Database) -> Result<Vec<ClusterId>, BenchError> {
    let database = Database::connect(settings)?;
    database.migrate().await?;
    let clusters: Vec<_> = (0..CLUSTERS).map(|_| ClusterId::random()).collect();
    let reports: Vec<_> = clusters.iter().map(|&cluster| row(cluster, last_checked(0))).collect();
    database.write_batch(&reports, Utc::now()).await?;
    Ok(clusters)
}

/// Requests a second, and the memory before the load.
async fn load_aggregator(config: &mut Config, paths: &[String]) -> Result<(f64, u64), BenchError> {
    config.aggregator.listen = free_address();
    let aggregator = Workload::start("aggregator", config, config.aggregator.listen).await?;
    settle();
    let idle_bytes = aggregator.resident_bytes()?;
    Ok((wrk(config.aggregator.listen, paths)?, idle_bytes))
}

fn load_static_server(paths: &[String]) -> Result<(f64, u64), BenchError> {
    let address = free_address();
    let server = Workload::start_static_server(address)?;
    settle();
    let idle_bytes = server.resident_bytes()?;
    Ok((wrk(address, paths)?, idle_bytes))
}

/// The server that does nothing but answer: run by this program in a process of its own.
pub(crate) async fn serve_static(address: SocketAddr) -> Result<(), BenchError> {
    /// As long as an answer with five hits.
    const ANSWER_BYTES: usize = 2200;
    let body = bytes::Bytes::from("x".repeat(ANSWER_BYTES));
    let listener = ccx_service::bind(address)?;
    let router = Router::new().fallback(get(async move || body.clone()));
    ccx_service::serve(listener, router, CancellationToken::new(), Duration::ZERO).await;
    Ok(())
}

/// Asks for all paths in turn, and tells how many answers came each second.
fn wrk(address: SocketAddr, paths: &[String]) -> Result<f64, BenchError> {
    let script = NamedTempFile::with_suffix(".lua")?;
    let mut lua = String::from("local requests, i = {}, 0\nfunction init()\n");
    for path in paths {
        let _ = writeln!(lua, "requests[#requests + 1] = wrk.format('GET', '{path}')");
    }
    lua.push_str("end\nfunction request() i = i % #requests + 1; return requests[i] end\n");
    fs::write(script.path(), lua)?;
    let output = Command::new("wrk")
        .args([
            "--threads",
            "1",
            "--connections",
            "64",
            "--duration",
            &format!("{LOAD_SECONDS}s"),
            "--script",
        ])
        .arg(script.path())
        .arg(format!("http://{address}/"))
        .output()
        .ok()
        .context(WrkSnafu)?;
    let answer = String::from_utf8_lossy(&output.stdout);
    let has_errors = answer.contains("Non-2xx");
    let rate = answer.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")?.trim().parse().ok());
    rate.filter(|_| !has_errors).context(WrkSnafu)
}
