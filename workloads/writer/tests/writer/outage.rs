use ccx_local::{Durability, Postgres};

use crate::support::{Surroundings, message};

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_messages_wait_and_nothing_is_given_up() {
    let postgres = Postgres::start_with(Durability::Kept).await.unwrap();
    let surroundings = Surroundings::with_database(postgres.create_database().await.unwrap());
    surroundings.database().migrate().await.unwrap();
    let writer = surroundings.start_writer().await;
    surroundings.send(&[message(1, 1, "a")]).await;
    surroundings.until_reports(1).await;
    writer.until_ready().await;

    postgres.start_outage().await.unwrap();
    let messages: Vec<String> = (2..50).map(|number| message(number, 1, "a")).collect();
    surroundings.send(&messages).await;
    writer.until_unready("database: ").await;
    writer.until_metric("active", 0.0).await;
    writer.until_metric("consumer_lag", 48.0).await;
    postgres.end_outage().await.unwrap();

    surroundings.until_reports(49).await;
    writer.until_ready().await;
    writer.until_metric("active", 1.0).await;
    writer.until_metric("consuming_errors", 0.0).await;
    writer.stop().await;
    assert!(surroundings.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_schema_makes_the_writer_wait_and_dead_letters_nothing() {
    let surroundings = Surroundings::new().await;
    let writer = surroundings.start_writer().await;
    surroundings.send(&[message(1, 1, "a")]).await;
    surroundings.until_reports(1).await;
    surroundings.execute("ALTER TABLE report RENAME COLUMN gathered_at TO gathered").await;
    surroundings.send(&[message(2, 1, "a"), message(3, 1, "a")]).await;
    writer.until_unready("database: ").await;
    surroundings.execute("ALTER TABLE report RENAME COLUMN gathered TO gathered_at").await;
    surroundings.until_reports(3).await;
    writer.until_ready().await;
    // A type that the cached plans of the session do not have.
    surroundings.execute("ALTER TABLE report ALTER COLUMN kafka_offset TYPE numeric").await;
    surroundings.send(&[message(1, 2, "b"), message(4, 1, "a")]).await;
    surroundings.until_reports(4).await;
    writer.until_metric("consuming_errors", 0.0).await;
    writer.stop().await;
    assert!(surroundings.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_schema_that_rejects_values_makes_the_writer_wait() {
    let surroundings = Surroundings::new().await;
    let writer = surroundings.start_writer().await;
    surroundings.send(&[message(1, 1, "a")]).await;
    surroundings.until_reports(1).await;
    surroundings.execute("ALTER TABLE report ADD COLUMN added int NOT NULL DEFAULT 1").await;
    surroundings.execute("ALTER TABLE report ALTER COLUMN added DROP DEFAULT").await;
    surroundings.execute("UPDATE migration_info SET version = version + 1").await;
    surroundings.send(&[message(2, 1, "a")]).await;
    writer.until_unready("database: ").await;
    surroundings.execute("ALTER TABLE report DROP COLUMN added").await;
    surroundings.execute("UPDATE migration_info SET version = version - 1").await;
    surroundings.until_reports(2).await;
    writer.stop().await;
    assert!(surroundings.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_tables_is_waited_for() {
    let surroundings =
        Surroundings::with_database(ccx_local::test_postgres().await.create_database().await.unwrap());
    surroundings.send(&[message(1, 1, "a")]).await;
    let writer = surroundings.start_writer().await;
    writer.until_unready("run `ccx migrate`").await;
    surroundings.database().migrate().await.unwrap();
    surroundings.until_reports(1).await;
    writer.until_ready().await;
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_while_the_database_is_away_leaves_the_messages_to_the_next_writer() {
    let postgres = Postgres::start_with(Durability::Kept).await.unwrap();
    let surroundings = Surroundings::with_database(postgres.create_database().await.unwrap());
    surroundings.database().migrate().await.unwrap();
    let first = surroundings.start_writer().await;
    first.until_ready().await;
    postgres.start_outage().await.unwrap();
    surroundings.send(&[message(1, 1, "a")]).await;
    first.until_unready("database: ").await;
    first.stop().await;
    postgres.end_outage().await.unwrap();
    let second = surroundings.start_writer().await;
    surroundings.until_reports(1).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_waits_for_the_brokers() {
    let surroundings = Surroundings::new().await;
    let writer = surroundings.start_writer().await;
    surroundings.send(&[message(1, 1, "a")]).await;
    writer.until_metric("written_reports", 1.0).await;
    surroundings.send(&["{".into(), message(2, 1, "a")]).await;
    surroundings.kafka.start_outage().unwrap();
    writer.until_unready("kafka: ").await;
    surroundings.kafka.end_outage().unwrap();
    surroundings.until_reports(2).await;
    writer.until_metric("consuming_errors", 1.0).await;
    writer.stop().await;
    assert_eq!(surroundings.dead_letters().await.len(), 1);
}
