//! How old an answer may be.

use bytesize::ByteSize;
use ccx_config::{Aggregator, Authentication};

use super::served::{CLUSTER, ORG, Served, eventually, report_path};
use crate::cache::Ticket;

async fn served() -> Served {
    let served = Served::trusting().await;
    served.store_sample().await;
    served.wait_until_listening(true).await;
    served
}

async fn key_a(served: &Served) -> bool {
    served.get(&report_path(ORG, CLUSTER, "7")).await.body.contains("KEY_A")
}

const FORGET_KEY_A: &str = "DELETE FROM rule_hit WHERE error_key = 'KEY_A'";

fn hits(served: &Served) -> u64 {
    served.api.metrics.cache_hits.get()
}

/// Asks until an answer is kept, and shows it.
async fn warm_up(served: &Served) {
    eventually("a kept answer", async || {
        assert!(key_a(served).await);
        hits(served) > 0
    })
    .await;
}

#[tokio::test]
async fn a_report_is_kept_and_the_writers_announcement_ends_it() {
    let served = served().await;
    warm_up(&served).await;
    let announced = format!(
        "BEGIN; {FORGET_KEY_A}; SELECT pg_notify('{}', '{ORG}:{CLUSTER}'); COMMIT",
        ccx_storage::REPORT_CHANNEL
    );
    let generation = generation(&served);
    served.run_sql(&announced).await;
    eventually("the announcement", async || self::generation(&served) != generation).await;
    assert!(!key_a(&served).await, "an old answer after the announcement");
}

/// What an announcement moves on, and the answers' age does not.
fn generation(served: &Served) -> Option<Ticket> {
    served.api.cache.as_ref().unwrap().ticket(CLUSTER.parse().unwrap())
}

#[tokio::test]
async fn a_change_that_nobody_announces_is_seen_when_the_answer_is_old() {
    let served = served().await;
    warm_up(&served).await;
    served.run_sql(FORGET_KEY_A).await;
    eventually("the unannounced change", async || !key_a(&served).await).await;
}

#[tokio::test]
async fn while_announcements_are_lost_every_answer_is_from_the_database() {
    let served = served().await;
    warm_up(&served).await;
    served.api.cache.as_ref().unwrap().suspend();
    let hits_before = hits(&served);
    served.run_sql(FORGET_KEY_A).await;
    assert!(!key_a(&served).await, "the change is seen at once");
    assert_eq!(hits(&served), hits_before);
}

#[tokio::test]
async fn a_killed_listening_connection_is_opened_again() {
    let served = served().await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND query ILIKE 'LISTEN%' AND pid <> pg_backend_pid()";
    warm_up(&served).await;
    served.run_sql(&format!("{FORGET_KEY_A}; {kill}")).await;
    eventually("the change made while nobody listened", async || !key_a(&served).await).await;
    served.wait_until_listening(true).await;
    served
        .run_sql("INSERT INTO rule_hit VALUES (11, '34c3ecc5-624a-49a5-bab8-4fdc5e51a266', 'x.report', 'KEY_A', '{}')")
        .await;
    served.announce(ORG, CLUSTER).await;
    eventually("the announcement after that", async || key_a(&served).await).await;
}

#[tokio::test]
async fn without_memory_nothing_is_kept() {
    let settings = Aggregator {
        authentication: Authentication::None,
        max_cache: ByteSize::b(0),
        ..Aggregator::default()
    };
    let served = Served::with(settings).await;
    served.store_sample().await;
    assert!(key_a(&served).await);
    served.run_sql(FORGET_KEY_A).await;
    assert!(!key_a(&served).await);
    assert_eq!(hits(&served), 0);
}
