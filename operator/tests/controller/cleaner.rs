//! The CronJob of the cleaner.

use ccx_test_support::eventually_async;
use k8s_openapi::api::batch::v1::CronJob;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::test_env::TestEnv;

const NAME: &str = "ccx-cleaner";

async fn set_status(env: &TestEnv, status: Value) {
    let patch = Patch::Merge(json!({"status": status}));
    env.api::<CronJob>().patch_status(NAME, &PatchParams::default(), &patch).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn cleaner_is_created_reported_restored_and_deleted() {
    // The schedule is that of one day of the year, on which this test may fail.
    let env = TestEnv::up_to_date(json!({"cleaner": {"schedule": "0 0 29 2 *"}})).await;
    env.until_condition("CleanerReady", "True", "AsExpected").await;
    set_status(&env, json!({"lastScheduleTime": "2026-01-01T00:00:00Z"})).await;
    env.until_condition("CleanerReady", "False", "CleanerFailed").await;
    env.until_condition("Degraded", "True", "CleanerFailed").await;
    env.until_ready().await;
    assert_eq!(env.notes("CleanerFailed").await.len(), 1);
    set_status(&env, json!({"lastSuccessfulTime": "2026-01-01T00:01:00Z"})).await;
    env.until_condition("Degraded", "False", "AsExpected").await;

    env.api::<CronJob>().delete(NAME, &DeleteParams::default()).await.unwrap();
    eventually_async("the CronJob is restored", async || env.get::<CronJob>(NAME).await).await;
    env.apply(json!({"suspend": true, "cleaner": {"schedule": "0 0 29 2 *"}})).await;
    env.until_condition("CleanerReady", "False", "Suspended").await;
    env.apply(json!({})).await;
    env.until_ready().await;
    eventually_async("the CronJob is deleted", async || {
        env.get::<CronJob>(NAME).await.is_none().then_some(())
    })
    .await;
    let conditions = env.pipeline().await.status.unwrap().conditions;
    assert!(conditions.iter().all(|condition| condition.type_ != "CleanerReady"));
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn cleaner_runs_when_it_is_due() {
    let env = TestEnv::new().await;
    env.apply(json!({"cleaner": {"schedule": "* * * * *"}})).await;
    env.until_ready().await;
    for _ in 0..4 {
        let conditions = env.pipeline().await.status.unwrap().conditions;
        let cleaner = conditions.into_iter().find(|it| it.type_ == "CleanerReady").unwrap();
        if cleaner.message.contains("succeeded at") {
            env.end().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(25)).await;
    }
    panic!("no run within 100 s");
}
