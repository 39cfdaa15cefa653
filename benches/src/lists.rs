//! The lists of REST over a large database: 100,000 clusters and a million hits.

use std::time::{Duration, Instant};

use ccx_config::{Authentication, Config};
use ccx_local::Postgres;
use ccx_storage::Database;
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    error::BenchError,
    figure::{Better, Figure},
    kafka_to_rows::connect,
    process::{Workload, free_address},
};

/// Organisations with a hundred clusters each.
const ORGANIZATIONS: u32 = 1000;

/// Responses of each list; the figure is their median.
const SAMPLES: u32 = 101;

/// The longest time of a list that the requirements allow.
const ALLOWED_MS: f64 = 10.0;

/// A report, ten hits and two namespaces for each of 100,000 clusters, and a rule that a tenth of them has disabled, as the
/// writers and the API store them.
const SEED: &[&str] = &[
    "CREATE TEMPORARY TABLE seeded AS
     SELECT n, 1 + n / 100 AS org_id, md5(n::text)::uuid::text AS cluster, now() - n * interval '1 second' AS at
     FROM generate_series(0, 99999) AS n",
    "INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at, kafka_offset, gathered_at)
     SELECT org_id, cluster, '{\"reports\":[]}', now(), at, 0, at FROM seeded",
    "INSERT INTO report_info (org_id, cluster_id, version_info) SELECT org_id, cluster, '4.18.1' FROM seeded",
    "INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id, created_at, impacted_since)
     SELECT org_id, cluster, 'rules.r' || rule, 'KEY', 'rules.r' || rule || '|KEY', at, at
     FROM seeded, generate_series(1, 10) AS rule",
    "INSERT INTO rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data, created_at)
     SELECT org_id, cluster, 'rules.r' || rule || '.report', 'KEY', '{}', at
     FROM seeded, generate_series(1, 10) AS rule",
    "INSERT INTO cluster_rule_toggle (cluster_id, rule_id, error_key, org_id, disabled, disabled_at, updated_at)
     SELECT cluster, 'rules.r1.report', 'KEY', org_id::text, 1, at, at FROM seeded WHERE n % 10 = 0",
    "INSERT INTO cluster_user_rule_disable_feedback
         (cluster_id, rule_id, error_key, org_id, user_id, message, added_at, updated_at)
     SELECT cluster, 'rules.r1.report', 'KEY', org_id::text, org_id::text, 'noise', at, at
     FROM seeded WHERE n % 10 = 0",
    "INSERT INTO rule_disable (org_id, rule_id, error_key, justification, created_at)
     SELECT org::text, 'rules.r' || rule, 'KEY', 'accepted', now()
     FROM generate_series(1, 1000) AS org, generate_series(1, 10) AS rule",
    "INSERT INTO dvo.dvo_report (org_id, cluster_id, namespace_id, namespace_name, report, recommendations, objects,
         reported_at, last_checked_at, rule_hits_count)
     SELECT org_id, cluster, 'ns-' || ns, 'shop', '\"{}\"', 1, 1, at, at, '{\"dvo.a|A\": 1}'
     FROM seeded, generate_series(1, 2) AS ns",
    "ANALYZE",
];

/// A list. `ORG` stands for an organisation.
struct List {
    what: &'static str,
    path: &'static str,
    body: Body,
}

/// The body of a request.
enum Body {
    /// None, and the method GET.
    None,
    /// All clusters of the organisation, as an array.
    Clusters,
    /// As [`Body::Clusters`], in an object.
    ClustersInObject,
}

/// Every operation of the API that answers with a list.
const LISTS: &[List] = &[
    List { what: "clusters", path: "organizations/ORG/clusters", body: Body::None },
    List {
        what: "rules of clusters",
        path: "recommendations/organizations/ORG/users/ORG/list",
        body: Body::Clusters,
    },
    List {
        what: "clusters with their rules",
        path: "clusters/organizations/ORG/users/ORG/recommendations",
        body: Body::Clusters,
    },
    List {
        what: "clusters of a rule",
        path: "rules/rules.r2%7CKEY/organizations/ORG/users/ORG/clusters_detail",
        body: Body::None,
    },
    List { what: "disabled rules", path: "rules/organizations/ORG/disabled", body: Body::None },
    List {
        what: "disabled rules of clusters",
        path: "rules/organizations/ORG/disabled_for_clusters",
        body: Body::Clusters,
    },
    List {
        what: "clusters with a disabled rule",
        path: "clusters/rules/rules.r1.report/error_key/KEY/organizations/ORG/disabled",
        body: Body::None,
    },
    List { what: "reasons of a user", path: "rules/users/ORG/disabled/feedback", body: Body::None },
    List { what: "acknowledgements", path: "rules/organizations/ORG/disabled_system_wide", body: Body::None },
    List {
        what: "reports of clusters",
        path: "organizations/ORG/clusters/reports",
        body: Body::ClustersInObject,
    },
    List { what: "workloads", path: "organization/ORG/workloads", body: Body::None },
    List { what: "workloads of clusters", path: "organization/ORG/workloads", body: Body::Clusters },
    List { what: "organizations (debugging)", path: "organizations", body: Body::None },
];

/// Returns the median time of each list beside the allowed one.
pub(crate) async fn run() -> Result<Vec<Figure>, BenchError> {
    let postgres = Postgres::start().await?;
    let mut config = Config { database: postgres.create_database().await?, ..Config::default() };
    config.aggregator.authentication = Authentication::None;
    config.aggregator.debug = true;
    config.aggregator.listen = free_address();
    Database::connect(&config.database)?.migrate().await?;
    let mut sql = connect(&config.database).await?;
    for &statement in SEED {
        sqlx::query(statement).execute(&mut sql).await?;
    }

    let _aggregator = Workload::start("aggregator", &config, config.aggregator.listen).await?;
    let base = format!("http://{}{}", config.aggregator.listen, config.aggregator.api_prefix);
    let client = reqwest::Client::new();
    let mut figures = Vec::new();
    for list in LISTS {
        let time = median_time(&client, &base, list, &mut sql).await?;
        figures.push(Figure {
            what: list.what.into(),
            unit: "ms",
            better: Better::Lower,
            ours: time.as_secs_f64() * 1e3,
            limit: ALLOWED_MS,
            limit_is: "allowed, with 100,000 clusters and a million hits",
        });
    }
    Ok(figures)
}

/// Each request is about another organisation, so that no response comes from a cache.
async fn median_time(
    client: &reqwest::Client,
    base: &str,
    list: &List,
    sql: &mut PgConnection,
) -> Result<Duration, BenchError> {
    let mut times = Vec::new();
    for sample in 0..SAMPLES {
        let organization = 1 + sample * 37 % ORGANIZATIONS;
        let url = format!("{base}{}", list.path.replace("ORG", &organization.to_string()));
        let request = match list.body {
            Body::None => client.get(url),
            Body::Clusters => client.post(url).body(json!(clusters_of(sql, organization).await?).to_string()),
            Body::ClustersInObject => {
                let clusters = clusters_of(sql, organization).await?;
                client.post(url).body(json!({ "clusters": clusters }).to_string())
            }
        };
        let start = Instant::now();
        request.send().await?.error_for_status()?.bytes().await?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

async fn clusters_of(sql: &mut PgConnection, organization: u32) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT cluster FROM report WHERE org_id = $1")
        .bind(i64::from(organization))
        .fetch_all(sql)
        .await
}
