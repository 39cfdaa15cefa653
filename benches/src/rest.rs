//! Reports by REST under load: `ccx aggregator` beside a server that always answers the same bytes, both under wrk with 64
//! connections, all on the same cores.

use std::{
    fmt::Write as _,
    fs,
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use bytesize::ByteSize;
use ccx_config::{Authentication, Config};
use ccx_local::Postgres;
use ccx_messages::ClusterId;
use ccx_storage::Database;
use chrono::Utc;
use snafu::{OptionExt, ensure};
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

/// Clusters of a large organisation.
const MANY_CLUSTERS: usize = 10_000;

/// Number of lists of clusters that are timed.
const VIEWS: usize = 21;

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
    let public_paths: Vec<String> = clusters
        .iter()
        .map(|cluster| format!("{}v2/cluster/{cluster}/reports", config.smart_proxy.api_prefix))
        .collect();
    config.auth.anonymous_organization = Some(org_id().get());
    let public_cached = load_smart_proxy(&mut config, &public_paths).await?;
    config.smart_proxy.max_cache = ByteSize(0);
    let public_uncached = load_smart_proxy(&mut config, &public_paths).await?;
    let clusters_view = time_clusters_view(&mut config).await?;
    let (fixed, bare_bytes) = load_static_server(&paths)?;

    let target = |what: &str, ours: f64, limit: f64| Figure {
        what: format!("public API, {what}"),
        unit: "requests/s",
        better: Better::Higher,
        ours,
        limit,
        limit_is: "the target",
    };
    let view = Figure {
        what: format!("public API, clusters of an organisation of {MANY_CLUSTERS}"),
        unit: "ms",
        better: Better::Lower,
        ours: clusters_view.as_secs_f64() * 1e3,
        limit: 50.0,
        limit_is: "the target",
    };
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
    Ok(vec![
        rate("cached", cached),
        rate("from the database each time", uncached),
        memory,
        target("v2 report, cached", public_cached, 30_000.0),
        target("v2 report, from the database each time", public_uncached, 5_000.0),
        view,
    ])
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

/// Requests a second.
async fn load_smart_proxy(config: &mut Config, paths: &[String]) -> Result<f64, BenchError> {
    config.smart_proxy.listen = free_address();
    let _smart_proxy = Workload::start("smart-proxy", config, config.smart_proxy.listen).await?;
    settle();
    wrk(config.smart_proxy.listen, paths)
}

/// Fills the organisation up to [`MANY_CLUSTERS`], and returns the median time of its list of clusters.
async fn time_clusters_view(config: &mut Config) -> Result<Duration, BenchError> {
    let database = Database::connect(&config.database)?;
    let more: Vec<_> = (CLUSTERS..MANY_CLUSTERS).map(|_| row(ClusterId::random(), last_checked(0))).collect();
    for batch in more.chunks(CLUSTERS) {
        database.write_batch(batch, Utc::now()).await?;
    }
    config.smart_proxy.listen = free_address();
    let _smart_proxy = Workload::start("smart-proxy", config, config.smart_proxy.listen).await?;
    settle();
    let url = format!("http://{}{}v2/clusters", config.smart_proxy.listen, config.smart_proxy.api_prefix);
    let mut times = Vec::new();
    for _ in 0..VIEWS {
        let start = Instant::now();
        let output =
            Command::new("curl").args(["--silent", "--fail", "--output", "/dev/null", &url]).status()?;
        ensure!(output.success(), WrkSnafu);
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[VIEWS / 2])
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
