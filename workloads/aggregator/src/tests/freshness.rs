//! The age of answers.

use bytesize::ByteSize;
use ccx_config::{Aggregator, Authentication};

use super::test_env::{CLUSTER, ORG, TestEnv, eventually, report_path};
use ccx_http::Ticket;

async fn env() -> TestEnv {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    env.wait_until_listening(true).await;
    env
}

async fn key_a(env: &TestEnv) -> bool {
    env.get(&report_path(ORG, CLUSTER, "7")).await.body.contains("KEY_A")
}

const FORGET_KEY_A: &str = "DELETE FROM rule_hit WHERE error_key = 'KEY_A'";

fn hits(env: &TestEnv) -> u64 {
    env.api.metrics.cache_hits.get()
}

/// Requests a report until it is answered from the cache.
async fn warm_up(env: &TestEnv) {
    eventually("a cached answer", async || {
        assert!(key_a(env).await);
        hits(env) > 0
    })
    .await;
}

#[tokio::test]
async fn cached_report_is_invalidated_by_the_writers_announcement() {
    let env = env().await;
    warm_up(&env).await;
    let announced = format!(
        "BEGIN; {FORGET_KEY_A}; SELECT pg_notify('{}', '{ORG}:{CLUSTER}'); COMMIT",
        ccx_storage::REPORT_CHANNEL
    );
    let generation = generation(&env);
    env.run_sql(&announced).await;
    eventually("the announcement", async || self::generation(&env) != generation).await;
    assert!(!key_a(&env).await, "an old answer after the announcement");
}

/// Returns the generation: announcements increment it, the age of answers does not.
fn generation(env: &TestEnv) -> Option<Ticket> {
    env.api.cache.as_ref().unwrap().ticket(CLUSTER.parse().unwrap())
}

#[tokio::test]
async fn unannounced_change_is_seen_when_the_answer_expires() {
    let env = env().await;
    warm_up(&env).await;
    env.run_sql(FORGET_KEY_A).await;
    eventually("the unannounced change", async || !key_a(&env).await).await;
}

#[tokio::test]
async fn answers_without_announcements_come_from_the_database() {
    let env = env().await;
    warm_up(&env).await;
    env.api.cache.as_ref().unwrap().suspend();
    let hits_before = hits(&env);
    env.run_sql(FORGET_KEY_A).await;
    assert!(!key_a(&env).await, "the change is seen at once");
    assert_eq!(hits(&env), hits_before);
}

#[tokio::test]
async fn killed_listening_connection_is_reopened() {
    let env = env().await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND query ILIKE 'LISTEN%' AND pid <> pg_backend_pid()";
    warm_up(&env).await;
    env.run_sql(&format!("{FORGET_KEY_A}; {kill}")).await;
    eventually("the change during the gap", async || !key_a(&env).await).await;
    env.wait_until_listening(true).await;
    env.run_sql(
        "INSERT INTO rule_hit VALUES (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'x.report', 'KEY_A', '{}')",
    )
    .await;
    env.announce(ORG, CLUSTER).await;
    eventually("the announcement after that", async || key_a(&env).await).await;
}

#[tokio::test]
async fn cache_without_memory_is_out_of_use() {
    let settings = Aggregator {
        authentication: Authentication::None,
        max_cache: ByteSize::b(0),
        ..Aggregator::default()
    };
    let env = TestEnv::with(settings).await;
    env.store_sample().await;
    assert!(key_a(&env).await);
    env.run_sql(FORGET_KEY_A).await;
    assert!(!key_a(&env).await);
    assert_eq!(hits(&env), 0);
}
