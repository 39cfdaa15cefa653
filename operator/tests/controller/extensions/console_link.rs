//! The link to the page in the menu of OpenShift's console.

use ccx_crds::CcxPipeline;
use ccx_test_support::eventually_async;
use kube::{
    Api,
    api::{ApiResource, DeleteParams, Patch, PatchParams},
    core::DynamicObject,
};
use serde_json::{Value, json};

use super::installed;
use crate::test_env::TestEnv;

fn resource() -> ApiResource {
    ApiResource {
        group: "console.openshift.io".into(),
        version: "v1".into(),
        api_version: "console.openshift.io/v1".into(),
        kind: "ConsoleLink".into(),
        plural: "consolelinks".into(),
    }
}

fn links(env: &TestEnv) -> Api<DynamicObject> {
    Api::all_with(env.client.clone(), &resource())
}

fn exposed(host: &str) -> Value {
    json!({"publicApi": {"exposure": {"type": "Route", "host": host}}})
}

async fn until_href(env: &TestEnv, name: &str, expected: Option<&str>) {
    let links = links(env);
    eventually_async(&format!("the link {expected:?}"), async || {
        let link = links.get_opt(name).await.unwrap();
        let href = link.map(|link| link.data["spec"]["href"].as_str().unwrap().to_owned());
        (href.as_deref() == expected).then_some(())
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn link_in_the_console_follows_the_exposed_page_and_ends_with_its_resource() {
    let env = installed::env().await;
    let name = format!("ccx.{}.ccx", env.namespace);
    env.apply(exposed("one.example.com")).await;
    until_href(&env, &name, Some("https://one.example.com/openshift/insights/advisor/clusters")).await;
    env.apply(exposed("two.example.com")).await;
    until_href(&env, &name, Some("https://two.example.com/openshift/insights/advisor/clusters")).await;
    env.apply(json!({"publicApi": {}})).await;
    until_href(&env, &name, None).await;
    env.apply(exposed("three.example.com")).await;
    until_href(&env, &name, Some("https://three.example.com/openshift/insights/advisor/clusters")).await;
    let link = links(&env).get(&name).await.unwrap();
    let other = format!("{name}-foreign");
    let mut foreign = DynamicObject::new(&other, &resource());
    foreign.data = json!({"spec": link.data["spec"]});
    links(&env).patch(&other, &PatchParams::apply("someone"), &Patch::Apply(&foreign)).await.unwrap();
    env.api::<CcxPipeline>().delete("ccx", &DeleteParams::default()).await.unwrap();
    until_href(&env, &name, None).await;
    assert!(links(&env).get_opt(&other).await.unwrap().is_some(), "a link of another client stays");
    links(&env).delete(&other, &DeleteParams::default()).await.unwrap();
    env.end().await;
}
