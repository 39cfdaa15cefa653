//! The generated password of the managed database.

use k8s_openapi::{
    ByteString,
    api::{
        apps::v1::{Deployment, StatefulSet},
        core::v1::Secret,
    },
};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ObjectMeta, PostParams},
};
use serde_json::json;

use crate::world::{World, until};

const DATABASE: &str = "ccx-data-pipeline-db";
const WRITER: &str = "ccx-insights-results-db-writer";

async fn generation(world: &World) -> Option<i64> {
    world.get::<Deployment>(WRITER).await.unwrap().metadata.generation
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn deleted_password_is_not_generated_again_while_the_volume_exists_and_can_be_replaced() {
    let world = World::settled(json!({})).await;
    let before = generation(&world).await;
    world.api::<Secret>().delete(DATABASE, &DeleteParams::default()).await.unwrap();
    let condition = world.until_condition("Ready", "False", "SecretMissing").await;
    assert!(condition.message.contains("restore the Secret"), "{}", condition.message);
    assert_eq!(world.get::<Secret>(DATABASE).await.map(|secret| secret.name_any()), None);
    assert_eq!(generation(&world).await, before, "the pods that work are not restarted");

    let secret = Secret {
        metadata: ObjectMeta { name: Some(DATABASE.into()), ..ObjectMeta::default() },
        data: Some([("password".into(), ByteString(b"another".to_vec()))].into()),
        ..Secret::default()
    };
    world.api::<Secret>().create(&PostParams::default(), &secret).await.unwrap();
    world.until_ready().await;
    let adopted = until("an adopted Secret", async || {
        let secret = world.get::<Secret>(DATABASE).await?;
        secret.labels().contains_key("ccx.openshift.io/pipeline").then_some(secret)
    });
    assert_eq!(adopted.await.data.unwrap()["password"].0, b"another");
    let database = world.get::<StatefulSet>(DATABASE).await.unwrap();
    assert_eq!(database.metadata.generation, Some(2), "it sets the new password at its start");
    until("a writer with the new password", async || (generation(&world).await > before).then_some(())).await;
    world.end().await;
}
