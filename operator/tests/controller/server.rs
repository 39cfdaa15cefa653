//! The API server that tests share, and the objects that the chart would install on it.

use ccx_test_support::eventually_async;
use std::path::Path;

use ccx_operator::rbac;
use ccx_test_support::needs;
use k8s_openapi::{
    api::rbac::v1::ClusterRole,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Config,
    api::{ObjectMeta, Patch, PatchParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::sync::OnceCell;

use crate::rights::{CLUSTER_ROLE, ROLE};

static INSTALLED: OnceCell<()> = OnceCell::const_new();

/// Returns the configuration of its client.
pub(crate) async fn shared() -> Config {
    let config = config_of(&needs::kubeconfig()).await;
    INSTALLED.get_or_init(|| install(&config)).await;
    config
}

/// Returns the client configuration in a kubeconfig file.
pub(crate) async fn config_of(kubeconfig: &Path) -> Config {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    config.default_retry = false;
    config
}

/// Installs the definition of `CcxPipeline`, and the roles with the rights that the chart grants.
pub(crate) async fn install(config: &Config) {
    let client = Client::try_from(config.clone()).unwrap();
    let roles = Api::<ClusterRole>::all(client.clone());
    for (name, rules) in [(ROLE, rbac::rules().watched), (CLUSTER_ROLE, rbac::rules().cluster)] {
        let metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
        let role = ClusterRole { metadata, rules: Some(rules), ..ClusterRole::default() };
        roles.patch(name, &PatchParams::apply("test").force(), &Patch::Apply(&role)).await.unwrap();
    }
    let definition: CustomResourceDefinition = serde_saphyr::from_str(&ccx_crds::crd_yaml()).unwrap();
    let api = Api::<CustomResourceDefinition>::all(client);
    let name = definition.metadata.name.clone().unwrap();
    api.patch(&name, &PatchParams::apply("test").force(), &Patch::Apply(&definition)).await.unwrap();
    eventually_async("the definition is served", async || {
        let status = api.get(&name).await.unwrap().status?;
        let conditions = status.conditions?;
        conditions.iter().any(|it| it.type_ == "Established" && it.status == "True").then_some(())
    })
    .await;
}
