//! Lists that are answered from memory, and what makes them current again.

use ccx_auth::{Caller, CallerKind};
use ccx_messages::OrgId;
use ccx_test_support::eventually_async;
use serde_json::{Value, json};

use super::test_env::{CLUSTER, OLD_CLUSTER, ORG, TestEnv, V2};
use crate::{ClusterOrder, ClusterSelection, ClusterTotals};

const NEW_CLUSTER: &str = "c0000000-0000-4000-8000-000000000000";

async fn clusters(env: &TestEnv) -> Value {
    env.json(&format!("{V2}/clusters")).await["data"].take()
}

/// Returns the numbers of hits by cluster, as far as there are clusters.
async fn hits(env: &TestEnv) -> Value {
    let clusters = clusters(env).await;
    let clusters = clusters.as_array().unwrap();
    let hits = |id: &str| {
        clusters
            .iter()
            .find(|cluster| cluster["cluster_id"] == id)
            .map(|cluster| cluster["total_hit_count"].clone())
    };
    json!([hits(CLUSTER), hits(OLD_CLUSTER), hits(NEW_CLUSTER)])
}

#[tokio::test]
async fn list_has_announced_changes_of_single_clusters() {
    let env = TestEnv::start().await;
    assert_eq!(hits(&env).await, json!([2, 0, null]));
    env.run_sql(&format!(
        "INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id) \
         SELECT 11, '{OLD_CLUSTER}', rule_fqdn, error_key, rule_id FROM recommendation WHERE org_id = 12; \
         UPDATE report_info SET version_info = '4.19.0'; \
         DELETE FROM recommendation WHERE org_id = 11 AND cluster_id = '{CLUSTER}' AND error_key = 'NODE_NOT_READY'"
    ))
    .await;
    env.announce(CLUSTER).await;
    env.announce(OLD_CLUSTER).await;
    eventually_async("the changed hits", async || hits(&env).await == json!([1, 1, null])).await;
    assert_eq!(clusters(&env).await[0]["cluster_version"], "4.19.0");
    env.run_sql(&format!(
        "INSERT INTO report (org_id, cluster, report) VALUES (11, '{NEW_CLUSTER}', '{{}}')"
    ))
    .await;
    env.announce(NEW_CLUSTER).await;
    eventually_async("the new cluster", async || hits(&env).await == json!([1, 1, 0])).await;
    env.run_sql(&format!("DELETE FROM report WHERE cluster = '{OLD_CLUSTER}'")).await;
    env.announce(OLD_CLUSTER).await;
    eventually_async("the list without the deleted cluster", async || {
        hits(&env).await == json!([1, null, 0])
    })
    .await;
}

/// The services that this one replaces announce nothing.
#[tokio::test]
async fn list_has_a_report_that_was_not_announced_after_some_seconds() {
    let env = TestEnv::start().await;
    assert_eq!(hits(&env).await, json!([2, 0, null]));
    env.run_sql(&format!(
        "UPDATE report SET last_checked_at = '2026-02-01 00:00:00' WHERE cluster = '{OLD_CLUSTER}'; \
         INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id) \
         SELECT 11, '{OLD_CLUSTER}', rule_fqdn, error_key, rule_id FROM recommendation WHERE org_id = 12"
    ))
    .await;
    eventually_async("the report", async || hits(&env).await == json!([2, 1, null])).await;
}

fn caller() -> Caller {
    Caller {
        org_id: OrgId::new(ORG.into()).unwrap(),
        account_number: None,
        user_id: None,
        display_name: None,
        cluster_id: None,
        is_cluster_authenticated: false,
        kind: CallerKind::User,
        internal: false,
    }
}

#[tokio::test]
async fn page_of_clusters_is_selected_and_sorted_with_totals_of_all() {
    let env = TestEnv::start().await;
    let page = async |selection: &ClusterSelection| {
        let page = env.public.clusters_page(&caller(), selection).await.unwrap();
        let ids: Vec<String> = page.clusters.iter().map(|cluster| cluster.cluster_id.to_string()).collect();
        (ids, page.count, page.totals)
    };
    let all = ClusterSelection::default();
    let (ids, count, totals) = page(&ClusterSelection { limit: Some(1), ..all.clone() }).await;
    assert_eq!((ids, count), (vec![CLUSTER.to_owned()], 3));
    let ClusterTotals { clusters, affected, hits, versions } = totals;
    assert_eq!((clusters, affected, hits.total(), versions), (3, 1, 2, vec!["4.18".to_owned()]));
    for (selection, expected) in [
        (ClusterSelection { text: Some("74AE".into()), ..all.clone() }, vec![OLD_CLUSTER]),
        (ClusterSelection { risks: vec![1, 2, 3, 4], ..all.clone() }, vec![CLUSTER]),
        (ClusterSelection { versions: vec!["4.18".into()], ..all.clone() }, vec![CLUSTER]),
        (ClusterSelection { versions: vec!["4.1".into()], ..all.clone() }, vec![]),
        (ClusterSelection { stale: Some(true), ..all.clone() }, vec![OLD_CLUSTER]),
        (
            ClusterSelection {
                order: ClusterOrder::LastCheckedAt,
                is_descending: true,
                limit: Some(2),
                ..all.clone()
            },
            vec![CLUSTER, OLD_CLUSTER],
        ),
        (ClusterSelection { order: ClusterOrder::Severity, offset: 2, ..all.clone() }, vec![CLUSTER]),
        (
            ClusterSelection { is_descending: true, offset: 1, limit: Some(1), ..all.clone() },
            vec![OLD_CLUSTER],
        ),
    ] {
        assert_eq!(page(&selection).await.0, expected, "{selection:?}");
    }
    let summary = env.public.cluster_summary(&caller(), CLUSTER.parse().unwrap()).await.unwrap();
    assert_eq!((summary.total_hit_count, summary.cluster_version.as_deref()), (2, Some("4.18.3")));
    assert!(env.public.cluster_summary(&caller(), NEW_CLUSTER.parse().unwrap()).await.is_err());
}

/// Another program has migrated the database: it has no tables of ours.
#[tokio::test]
async fn everything_but_names_works_without_own_tables() {
    let env = TestEnv::start().await;
    env.run_sql("DROP SCHEMA ccx CASCADE").await;
    assert_eq!(hits(&env).await, json!([2, 0, null]));
    let finding =
        format!("clusters/{CLUSTER}/rules/ccx_rules.external.node_not_ready.report/error_key/NODE_NOT_READY");
    let path = format!("{}/{finding}/disable", super::test_env::V1);
    assert_eq!(env.ask(reqwest::Method::PUT, &path, None).await.status, 200);
    let all = env.json(&format!("{V2}/cluster/{CLUSTER}/reports?get_disabled=true")).await;
    assert_eq!(super::test_env::hit(&all["report"], "NODE_NOT_READY")["disabled_by"], "");
    let name =
        env.ask(reqwest::Method::PUT, &format!("{V2}/cluster/{CLUSTER}/name"), Some(r#"{"name":"a"}"#)).await;
    assert_eq!(name.status, 503);
}
