use ccx_local::{Durability, Postgres};

use crate::support::{TestEnv, message};

#[tokio::test(flavor = "multi_thread")]
async fn unavailable_database_makes_messages_wait() {
    let postgres = Postgres::start_with(Durability::Kept).await.unwrap();
    let env = TestEnv::with_database(postgres.create_database().await.unwrap());
    env.database().migrate().await.unwrap();
    let writer = env.start_writer().await;
    env.send(&[message(1, 1, "a")]).await;
    env.until_reports(1).await;
    writer.until_ready().await;

    postgres.start_outage().await.unwrap();
    let messages: Vec<String> = (2..50).map(|number| message(number, 1, "a")).collect();
    env.send(&messages).await;
    writer.until_unready("database: ").await;
    writer.until_metric("active", 0.0).await;
    writer.until_metric("consumer_lag", 48.0).await;
    postgres.end_outage().await.unwrap();

    env.until_reports(49).await;
    writer.until_ready().await;
    writer.until_metric("active", 1.0).await;
    writer.until_metric("consuming_errors", 0.0).await;
    writer.stop().await;
    assert!(env.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_schema_makes_the_writer_wait_and_dead_letters_nothing() {
    let env = TestEnv::new().await;
    let writer = env.start_writer().await;
    env.send(&[message(1, 1, "a")]).await;
    env.until_reports(1).await;
    env.execute("ALTER TABLE report RENAME COLUMN gathered_at TO gathered").await;
    env.send(&[message(2, 1, "a"), message(3, 1, "a")]).await;
    writer.until_unready("database: ").await;
    env.execute("ALTER TABLE report RENAME COLUMN gathered TO gathered_at").await;
    env.until_reports(3).await;
    writer.until_ready().await;
    // A type that the cached plans of the session do not have.
    env.execute("ALTER TABLE report ALTER COLUMN kafka_offset TYPE numeric").await;
    env.send(&[message(1, 2, "b"), message(4, 1, "a")]).await;
    env.until_reports(4).await;
    writer.until_metric("consuming_errors", 0.0).await;
    writer.stop().await;
    assert!(env.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_schema_that_rejects_values_makes_the_writer_wait() {
    let env = TestEnv::new().await;
    let writer = env.start_writer().await;
    env.send(&[message(1, 1, "a")]).await;
    env.until_reports(1).await;
    env.execute("ALTER TABLE report ADD COLUMN added int NOT NULL DEFAULT 1").await;
    env.execute("ALTER TABLE report ALTER COLUMN added DROP DEFAULT").await;
    env.execute("UPDATE migration_info SET version = version + 1").await;
    env.send(&[message(2, 1, "a")]).await;
    writer.until_unready("database: ").await;
    env.execute("ALTER TABLE report DROP COLUMN added").await;
    env.execute("UPDATE migration_info SET version = version - 1").await;
    env.until_reports(2).await;
    writer.stop().await;
    assert!(env.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn database_without_tables_makes_the_writer_wait() {
    let env = TestEnv::with_database(ccx_local::test_postgres().await.create_database().await.unwrap());
    env.send(&[message(1, 1, "a")]).await;
    let writer = env.start_writer().await;
    writer.until_unready("run `ccx migrate`").await;
    env.database().migrate().await.unwrap();
    env.until_reports(1).await;
    writer.until_ready().await;
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_without_database_leaves_messages_to_the_next_writer() {
    let postgres = Postgres::start_with(Durability::Kept).await.unwrap();
    let env = TestEnv::with_database(postgres.create_database().await.unwrap());
    env.database().migrate().await.unwrap();
    let first = env.start_writer().await;
    first.until_ready().await;
    postgres.start_outage().await.unwrap();
    env.send(&[message(1, 1, "a")]).await;
    first.until_unready("database: ").await;
    first.stop().await;
    postgres.end_outage().await.unwrap();
    let second = env.start_writer().await;
    env.until_reports(1).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letter_waits_for_the_brokers() {
    let env = TestEnv::new().await;
    let writer = env.start_writer().await;
    env.send(&[message(1, 1, "a")]).await;
    writer.until_metric("written_reports", 1.0).await;
    env.send(&["{".into(), message(2, 1, "a")]).await;
    env.kafka.start_outage().unwrap();
    writer.until_unready("kafka: ").await;
    env.kafka.end_outage().unwrap();
    env.until_reports(2).await;
    writer.until_metric("consuming_errors", 1.0).await;
    writer.stop().await;
    assert_eq!(env.dead_letters().await.len(), 1);
}
