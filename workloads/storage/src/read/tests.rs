use ccx_local::test_postgres;
use ccx_messages::{ClusterId, OrgId};
use sqlx::AssertSqlSafe;

use super::{recommendations, report::REPORT, workloads};
use crate::{
    Database,
    feedback::{acknowledgements, reasons, toggles},
};

const ORG: u32 = 7;

/// 3,000 named clusters of three organisations with five hits each, and opinions on all of them.
const MANY_REPORTS: &str = "
    CREATE TEMP TABLE sample AS
        SELECT n, 7 + n % 3 AS org_id, '00000000-0000-4000-8000-' || lpad(n::text, 12, '0') AS cluster FROM generate_series(1, 3000) AS n;
    INSERT INTO report (org_id, cluster, report) SELECT org_id, cluster, '{\"n\":' || n || '}' FROM sample;
    INSERT INTO rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data)
        SELECT org_id, cluster, 'rules.r' || rule || '.report', 'KEY', '{}' FROM sample, generate_series(1, 5) AS rule;
    INSERT INTO cluster_rule_toggle (cluster_id, rule_id, error_key, org_id, disabled, updated_at)
        SELECT cluster_id, rule_fqdn, error_key, org_id::text, 0, now() FROM rule_hit;
    INSERT INTO cluster_rule_user_feedback (cluster_id, rule_id, error_key, user_id, message, user_vote, added_at, updated_at)
        SELECT cluster_id, rule_fqdn, error_key, 'ann', '', 1, now(), now() FROM rule_hit;
    INSERT INTO cluster_user_rule_disable_feedback (cluster_id, rule_id, error_key, user_id, message, added_at, updated_at)
        SELECT cluster_id, rule_fqdn, error_key, 'ann', '', now(), now() FROM rule_hit;
    INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id)
        SELECT org_id, cluster_id, rule_fqdn, error_key, rule_fqdn || '|' || error_key FROM rule_hit;
    INSERT INTO report_info (org_id, cluster_id, version_info) SELECT org_id, cluster, '4.18.1' FROM sample;
    INSERT INTO ccx.reported_name (org_id, cluster_id, name) SELECT org_id, cluster, 'prod-' || n FROM sample;
    INSERT INTO rule_disable (org_id, rule_id, error_key, created_at)
        SELECT n::text, 'rules.r', 'KEY', now() FROM generate_series(1, 3000) AS n;
    INSERT INTO dvo.dvo_report (org_id, cluster_id, namespace_id, recommendations, objects)
        SELECT 1 + n % 100, cluster, 'ns', 1, 1 FROM sample;
    ANALYZE;";

async fn database() -> Database {
    let database = Database::connect(&test_postgres().await.create_database().await.unwrap()).unwrap();
    database.migrate().await.unwrap();
    let mut connection = database.acquire().await.unwrap();
    sqlx::raw_sql(MANY_REPORTS).execute(&mut *connection).await.unwrap();
    database
}

fn org(number: u32) -> OrgId {
    OrgId::new(number.into()).unwrap()
}

fn cluster(number: u32) -> ClusterId {
    format!("00000000-0000-4000-8000-{number:012}").parse().unwrap()
}

#[tokio::test]
async fn report_is_read_by_keys_alone() {
    let database = database().await;
    let mut connection = database.acquire().await.unwrap();
    let prepare =
        format!("PREPARE report (int, text, text) AS {REPORT}; SET plan_cache_mode = force_generic_plan");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap();
    let explain = format!("EXPLAIN EXECUTE report ({ORG}, '{}', 'ann')", cluster(3));
    let plan: Vec<String> =
        sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
    let plan = plan.join("\n");
    for key in [
        "report_pkey|report_cluster_key",
        "rule_hit_pkey",
        "reported_name_pkey",
        "cluster_rule_toggle_pkey",
        "cluster_rule_user_feedback_pkey",
        "cluster_user_rule_disable_feedback_pkey",
    ] {
        assert!(key.split('|').any(|key| plan.contains(key)), "{key} is not used:\n{plan}");
    }
    assert!(!plan.contains("Seq Scan"), "{plan}");
}

/// Each list with the types of its parameters, values for them, and the index that it must use.
const LISTS: [(&str, &str, &str, &str); 8] = [
    (recommendations::RULES_OF_CLUSTERS, "int, text[]", "7, '{a,b}'", "recommendation_pk"),
    (recommendations::CLUSTERS_WITH_RULES, "int, text[]", "7, '{a,b}'", "report_info_"),
    (recommendations::CLUSTERS_OF_RULE, "int, text, text[]", "7, 'r|K', NULL", "ccx_recommendation_org_rule"),
    (workloads::LIST, "int, text[]", "7, NULL", "report_org_id"),
    (workloads::READ, "int, text, text", "7, 'c', 'n'", "Index Scan"),
    (toggles::LIST_FOR_CLUSTERS, "text, text[]", "'7', '{a,b}'", "cluster_rule_toggle_"),
    (reasons::LIST, "text, text", "'ann', NULL", "ccx_cluster_user_rule_disable_feedback_user"),
    (acknowledgements::LIST, "text", "'7'", "rule_disable_pkey"),
];

#[tokio::test]
async fn lists_are_read_by_their_indexes() {
    let database = database().await;
    let mut connection = database.acquire().await.unwrap();
    // Another user and another organisation for most rows, so that an index pays.
    let spread = "UPDATE cluster_rule_toggle SET disabled = 1 WHERE cluster_id LIKE '%000';
        UPDATE cluster_user_rule_disable_feedback SET user_id = cluster_id; ANALYZE";
    sqlx::raw_sql(spread).execute(&mut *connection).await.unwrap();
    let toggles = [
        (toggles::LIST, "text", "'7'", "ccx_cluster_rule_toggle_disabled"),
        (toggles::DISABLED_CLUSTERS, "text, text, text", "'7', 'r', 'K'", "ccx_cluster_rule_toggle_disabled"),
    ];
    for (index, (sql, types, values, key)) in LISTS.into_iter().chain(toggles).enumerate() {
        let prepare =
            format!("SET plan_cache_mode = force_generic_plan; PREPARE list_{index} ({types}) AS {sql}");
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap();
        let explain = format!("EXPLAIN EXECUTE list_{index} ({values})");
        let plan: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains(key) && !plan.contains("Seq Scan"), "{key} is not used:\n{plan}");
    }
}

#[tokio::test]
async fn report_has_each_hit_once_in_order() {
    let database = database().await;
    let report = database.report(org(ORG), cluster(3), "ann").await.unwrap().unwrap();
    let rules: Vec<&str> = report.hits.iter().map(|hit| hit.component.as_str()).collect();
    assert_eq!(
        rules,
        ["rules.r1.report", "rules.r2.report", "rules.r3.report", "rules.r4.report", "rules.r5.report"]
    );
    assert!(report.hits.iter().all(|hit| hit.user_vote == 1 && !hit.is_disabled));
    let seen_by_another = database.report(org(ORG), cluster(3), "bob").await.unwrap().unwrap();
    assert!(seen_by_another.hits.iter().all(|hit| hit.user_vote == 0));
    assert_eq!(
        database.report(org(ORG + 1), cluster(3), "ann").await.unwrap(),
        None,
        "another organisation has no such cluster"
    );
}

#[tokio::test]
async fn clusters_of_other_organisations_are_found() {
    let database = database().await;
    let has_other = async |clusters: &[ClusterId]| {
        database.has_cluster_of_other_organization(org(ORG), clusters).await.unwrap()
    };
    assert!(!has_other(&[]).await);
    assert!(!has_other(&[cluster(3), cluster(6), cluster(999_999)]).await, "an unknown cluster has no owner");
    assert!(has_other(&[cluster(3), cluster(4)]).await);
}

#[tokio::test]
async fn raw_reports_are_those_of_the_organisations_own_clusters() {
    let database = database().await;
    let reports = database.raw_reports(org(ORG), &[cluster(4), cluster(6), cluster(3)]).await.unwrap();
    let mut reports: Vec<(ClusterId, String)> = reports.into_iter().collect();
    reports.sort();
    assert_eq!(reports, [(cluster(3), r#"{"n":3}"#.to_owned()), (cluster(6), r#"{"n":6}"#.to_owned())]);
}
