//! For any sequence of messages: what a writer stores from one batch is what it stores from them one by one.

use ccx_local::{Valkey, ValkeyProtection};
use ccx_messages::OrgId;
use ccx_valkey::RequestStore;
use proptest::{
    prelude::*,
    test_runner::{TestError, TestRunner},
};

use crate::{
    dvo::{gzip, workloads},
    support::{RunningWriter, TestEnv, WORKLOADS, cluster, message},
};

/// Each sequence is processed twice, with servers of its own.
const CASES: u32 = 4;

const CLUSTERS: usize = 3;

/// The stored state, without the times of storage: a rule that was missing only in a report that a newer one of its batch replaces
/// hits without interruption.
const ROWS: &str = "\
    SELECT 'report' AS kind, org_id, cluster, report AS a, last_checked_at::text AS b, gathered_at::text AS c FROM report \
    UNION ALL SELECT 'hit', org_id, cluster_id, rule_fqdn, error_key, template_data FROM rule_hit \
    UNION ALL SELECT 'recommendation', org_id, cluster_id, rule_fqdn, error_key, rule_id FROM recommendation \
    UNION ALL SELECT 'version', org_id, cluster_id, version_info, '', '' FROM report_info \
    UNION ALL SELECT 'error', topic_offset, topic, message, error, '' FROM consumer_error \
    ORDER BY 1, 2, 3, 4, 5";

const WORKLOAD_ROWS: &str = "\
    SELECT org_id, cluster_id, namespace_id, report, recommendations, objects, last_checked_at, rule_hits_count \
    FROM dvo.dvo_report ORDER BY 1, 2, 3";

/// Results of few clusters at few times, of two organisations; what they say follows from cluster and time. Some are invalid, and
/// some reports are empty.
fn any_results() -> impl Strategy<Value = String> {
    (0..CLUSTERS, 0_u32..8, 0_u8..10).prop_map(|(number, minute, kind)| match kind {
        0 => "{}".to_owned(),
        1 => message(number, minute, "a").replace("\"system\":{\"hostname\":null},", ""),
        2 => format!(
            r#"{{"OrgID":7,"ClusterName":"{}","LastChecked":"2026-01-15T12:{minute:02}:00Z","Version":2,"Report":{{}}}}"#,
            cluster(number)
        ),
        _ => {
            let text = message(number, minute, ["a", "b", "c"][minute as usize % 3]);
            if minute % 5 == 4 { text.replace("\"OrgID\":7", "\"OrgID\":8") } else { text }
        }
    })
}

/// As [`any_results`], of workloads in up to three namespaces.
fn any_workloads() -> impl Strategy<Value = Vec<u8>> {
    (0..CLUSTERS, 0_u32..12, 0_u8..10).prop_map(|(number, minute, kind)| {
        let bits = [("n1", 1), ("n2", 2), ("n3", 4)];
        let namespaces: Vec<&str> =
            bits.into_iter().filter(|(_, bit)| minute & bit != 0).map(|(id, _)| id).collect();
        let text = workloads(number, minute, &namespaces);
        match kind {
            0 => b"{}".to_vec(),
            1 => text.replace("workload_recommendations", "workloads").into_bytes(),
            2..=5 => gzip(&text),
            _ => text.into_bytes(),
        }
    })
}

/// Waits until all messages are processed.
async fn finish(writer: RunningWriter, messages: usize) {
    writer.until_metric("consumed_messages", f64::from(u32::try_from(messages).unwrap())).await;
    writer.stop().await;
}

fn with_batches_of(mut env: TestEnv, max_messages: usize) -> TestEnv {
    env.config.writer.max_batch_messages = max_messages;
    env
}

/// Returns the rows and the dead letters of results that are processed in batches.
async fn store_results(messages: &[String], max_messages: usize) -> Vec<String> {
    let env = with_batches_of(TestEnv::new().await, max_messages);
    env.send(messages).await;
    finish(env.start_writer().await, messages.len()).await;
    let letters = env.dead_letters().await;
    let letters = letters.iter().map(|letter| String::from_utf8_lossy(&letter.payload).into_owned());
    env.rows(ROWS).await.into_iter().chain(letters).collect()
}

async fn store_workloads(messages: &[Vec<u8>], max_messages: usize) -> Vec<String> {
    let env = with_batches_of(TestEnv::new().await, max_messages);
    for message in messages {
        env.send_to(WORKLOADS, &[], message).await;
    }
    finish(env.start_dvo_writer().await, messages.len()).await;
    let letters = env.dvo_dead_letters().await.len();
    env.rows(WORKLOAD_ROWS).await.into_iter().chain([format!("{letters} dead letters")]).collect()
}

/// Returns each processed request with its hits.
async fn store_requests(messages: &[String], max_messages: usize) -> Vec<String> {
    let mut env = with_batches_of(TestEnv::with_database(ccx_config::Database::default()), max_messages);
    let server = Valkey::start(ValkeyProtection::None).unwrap();
    env.config.valkey = server.config();
    env.send(messages).await;
    finish(env.start_valkey_writer().await, messages.len()).await;
    let store = RequestStore::new(&server.config()).unwrap();
    let mut stored = Vec::new();
    for (org, number) in [7, 8].into_iter().flat_map(|org| (0..CLUSTERS).map(move |number| (org, number))) {
        let (org, cluster) = (OrgId::new(org).unwrap(), cluster(number).parse().unwrap());
        for request in store.requests(org, cluster).await.unwrap() {
            let hits = store.rule_hits(org, cluster, &request.request_id).await.unwrap();
            stored.push(format!("{org} {cluster} {} {} {hits:?}", request.request_id, request.received));
        }
    }
    stored.sort();
    stored
}

/// Compares what `store` leaves of messages one by one and in batches.
fn check<M, F>(messages: impl Strategy<Value = M>, store: impl Fn(Vec<M>, usize) -> F)
where
    M: Clone + std::fmt::Debug,
    F: Future<Output = Vec<String>>,
{
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 20,
        ..ProptestConfig::default()
    };
    let sequences = (prop::collection::vec(messages, 1..40), 2_usize..50);
    let result = TestRunner::new(config).run(&sequences, |(messages, max_messages)| {
        let (batched, single) = runtime
            .block_on(async { (store(messages.clone(), max_messages).await, store(messages, 1).await) });
        prop_assert_eq!(batched, single);
        Ok(())
    });
    if let Err(TestError::Fail(reason, (messages, max_messages))) = result {
        panic!("{reason}\nin batches of {max_messages}: {messages:#?}");
    }
    result.unwrap();
}

#[test]
fn results_in_batches_are_stored_as_one_by_one() {
    check(any_results(), async |messages, max| store_results(&messages, max).await);
}

#[test]
fn workloads_in_batches_are_stored_as_one_by_one() {
    check(any_workloads(), async |messages, max| store_workloads(&messages, max).await);
}

#[test]
#[ignore = "needs redis-server"]
fn requests_in_batches_are_stored_as_one_by_one() {
    check(any_results(), async |messages, max| store_requests(&messages, max).await);
}
