//! The database is unavailable.

use ccx_config::Config;
use ccx_local::test_postgres;
use ccx_storage::Database;

use super::test_env::{CLUSTER, TestEnv, V1, V2};

#[tokio::test]
async fn earlier_answer_is_sent_while_the_database_is_unavailable() {
    let database = test_postgres().await.create_database().await.unwrap();
    Database::connect(&database).unwrap().migrate().await.unwrap();
    let mut config = Config { database, ..Config::default() };
    // Every answer is read from the database.
    config.smart_proxy.max_cache = bytesize::ByteSize::b(0);
    config.smart_proxy.max_snapshots = bytesize::ByteSize::b(0);
    let env = TestEnv::over(config);
    env.run_sql(include_str!("sample.sql")).await;
    let paths = [
        format!("{V2}/cluster/{CLUSTER}/reports"),
        format!("{V2}/clusters"),
        format!("{V2}/rule?impacting=true"),
        format!("{V2}/cluster/{CLUSTER}/info"),
        format!("{V1}/org_overview"),
    ];
    let mut before = Vec::new();
    for path in &paths {
        before.push(env.json(path).await);
    }
    env.run_sql("ALTER TABLE report RENAME TO hidden").await;
    for (path, before) in paths.iter().zip(before) {
        let answer = env.get(path).await;
        assert_eq!((answer.status, answer.json()), (200, before), "{path}");
        assert_eq!(answer.headers["warning"], "110 - \"Response is Stale\"", "{path}");
        assert!(answer.headers.contains_key("age"), "{path}");
    }
    let unknown = env.get(&format!("{V2}/clusters?limit=1")).await;
    assert_eq!((unknown.status, unknown.headers["retry-after"].to_str().unwrap()), (503, "5"));
    env.run_sql("ALTER TABLE hidden RENAME TO report").await;
    let again = env.get(&paths[1]).await;
    assert_eq!((again.status, again.headers.get("warning")), (200, None));
}
