//! The public API and the ingress of archives.

use ccx_operator::model::{
    component::Component,
    kind::Kind,
    references::References,
    resources::{ApplyMode, Children, Generate},
};
use serde_json::{Value, json};

use crate::sample::{self, children, children_with, errors, json_of, names, object};

const API: &str = "ccx-insights-results-smart-proxy";
const INGRESS: &str = "ccx-ingress";

fn spec(exposure: &Value) -> Value {
    json!({
        "publicApi": {
            "exposure": exposure,
            "authentication": {
                "clusterTokensSecretRef": {"name": "cluster-tokens"},
                "oidc": {"issuer": "https://sso.example.com:8443/realms/ccx", "audiences": ["ccx"]},
            },
            "accountManagement": {"url": "https://api.example.com", "credentialsSecretRef": {"name": "client"}},
        },
        "ingress": {"maxUploadSize": "10Mi"},
    })
}

#[test]
fn public_api_and_ingress_without_their_fields_are_absent() {
    let deployments = names(&children(&json!({})), Kind::Deployment);
    assert!(!deployments.iter().any(|name| name == API || name == INGRESS), "{deployments:?}");
}

#[test]
fn public_api_has_its_configuration_and_files() {
    let children = children(&spec(&json!({})));
    let file = object(&children, Kind::ConfigMap, API)["data"]["ccx.toml"].as_str().unwrap().to_owned();
    for line in [
        "cluster_tokens = \"/etc/ccx/cluster-tokens\"",
        "issuer = \"https://sso.example.com:8443/realms/ccx\"",
        "url = \"https://api.example.com\"",
        "client_secret_file = \"/etc/ccx/account-management/password\"",
    ] {
        assert!(file.contains(line), "{line}: {file}");
    }
    let container = &object(&children, Kind::Deployment, API)["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["args"], json!(["smart-proxy"]));
    let variables = container["env"].to_string();
    assert!(variables.contains("CCX__SMART_PROXY__ACCOUNT_MANAGEMENT__CLIENT_ID"), "{variables}");
    let egress = object(&children, Kind::NetworkPolicy, API)["spec"]["egress"].to_string();
    assert!(egress.contains("8443") && egress.contains("443"), "{egress}");
}

#[test]
fn ingress_has_kafka_storage_and_the_callers_of_the_public_api() {
    let children = children(&spec(&json!({})));
    let file = object(&children, Kind::ConfigMap, INGRESS)["data"]["ccx.toml"].as_str().unwrap().to_owned();
    for part in ["[kafka]", "[object_storage]", "[auth]", "max_upload = \"10MiB\""] {
        assert!(file.contains(part), "{part}: {file}");
    }
    assert!(!file.contains("[database]"), "{file}");
}

#[test]
fn ingress_object_serves_paths_of_both_components_on_one_host() {
    let exposure = json!({"type": "Ingress", "host": "insights.example.com"});
    let ingress = object(&children(&spec(&exposure)), Kind::Ingress, API);
    let paths = ingress["spec"]["rules"][0]["http"]["paths"].as_array().unwrap().clone();
    let served: Vec<(String, String)> = paths
        .iter()
        .map(|path| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&path["path"]), text(&path["backend"]["service"]["name"]))
        })
        .collect();
    let expected = [
        ("/api/insights-results-aggregator/", API),
        ("/openshift/insights/advisor/", API),
        ("/ui/", API),
        ("/api/ingress/", INGRESS),
        ("/api/gathering/", INGRESS),
    ];
    assert_eq!(served, expected.map(|(path, name)| (path.to_owned(), name.to_owned())));
}

#[test]
fn route_of_each_path_has_a_name_of_its_own() {
    let routes = names(&children(&spec(&json!({"type": "Route"}))), Kind::Route);
    assert_eq!(
        routes,
        [
            API.to_owned(),
            format!("{API}-advisor"),
            format!("{API}-ui"),
            format!("{API}-ingress"),
            format!("{API}-gathering")
        ]
    );
}

#[test]
fn services_and_policies_let_clients_reach_the_public_api() {
    let children =
        children(&spec(&json!({"allowFrom": [{"podSelector": {"matchLabels": {"app": "router"}}}]})));
    for (name, port) in [(API, 8004), (INGRESS, 3000)] {
        assert_eq!(object(&children, Kind::Service, name)["spec"]["ports"][0]["port"], port);
        let served = &object(&children, Kind::NetworkPolicy, name)["spec"]["ingress"][0];
        assert_eq!(served["ports"][0]["port"], port);
        assert!(served["from"].to_string().contains("router"), "{served}");
    }
}

#[test]
fn reviewed_tokens_need_a_token_of_the_pod_and_the_api_server() {
    let pod = |authentication: Value| {
        let spec = json!({"publicApi": {"authentication": authentication}, "ingress": {}});
        let children = children(&spec);
        ["ccx-insights-results-smart-proxy", "ccx-ingress"].map(|name| {
            let pod = object(&children, Kind::Deployment, name)["spec"]["template"]["spec"].clone();
            let config = object(&children, Kind::ConfigMap, name)["data"]["ccx.toml"].to_string();
            let egress = object(&children, Kind::NetworkPolicy, name)["spec"]["egress"].to_string();
            (
                pod["automountServiceAccountToken"].clone(),
                config.contains("token_review"),
                egress.contains("6443"),
            )
        })
    };
    assert_eq!(pod(json!({})), [(); 2].map(|()| (json!(false), false, false)));
    let reviewed =
        json!({"tokenReview": {"organization": 7, "resource": "clusterversions.config.openshift.io"}});
    assert_eq!(pod(reviewed), [(); 2].map(|()| (json!(true), true, true)));
}

#[test]
fn manifests_for_insights_operators_have_the_exposed_host() {
    let name = "ccx-insights-operator";
    assert!(children(&json!({"publicApi": {}})).find(Kind::ConfigMap, name).is_none(), "without uploads");
    let manifests = |exposure: Value| {
        let spec = json!({"publicApi": {"exposure": exposure}, "ingress": {}});
        children(&spec).find(Kind::ConfigMap, name).map(|child| json_of(child)["data"].clone())
    };
    let exposed = manifests(json!({"type": "Route", "host": "insights.example.com"})).unwrap();
    let config_map = exposed["insights-config.yaml"].as_str().unwrap();
    assert!(
        config_map.contains("uploadEndpoint: \"https://insights.example.com/api/ingress/v1/upload\""),
        "{config_map}"
    );
    let secret = exposed["support.yaml"].as_str().unwrap();
    assert!(secret.contains("endpoint: \"https://insights.example.com/api/ingress/v1/upload\""), "{secret}");
    let inside = manifests(json!({})).unwrap().to_string();
    assert!(inside.contains("http://ccx-ingress.insights.svc:3000/api/ingress/v1/upload"), "{inside}");
    assert!(inside.contains("http://ccx-insights-results-smart-proxy.insights.svc:8004/api/"), "{inside}");
    assert_eq!(manifests(json!({"type": "Route"})), None, "its host is not known yet");
}

/// Returns the spec of a public API with `change` merged into it.
fn with_login(change: &Value) -> Value {
    let mut api = json!({
        "login": {"clientId": "advisor", "clientSecretRef": {"name": "advisor-client"}},
        "exposure": {"type": "Route", "host": "advisor.example.com"},
        "authentication": {"oidc": {"issuer": "https://sso.example.com/realms/ccx", "audiences": ["ccx"]}},
    });
    ccx_test_support::merge_patch(&mut api, change.clone());
    json!({"publicApi": api})
}

fn config_file(children: &Children) -> String {
    object(children, Kind::ConfigMap, API)["data"]["ccx.toml"].as_str().unwrap().to_owned()
}

/// Returns the Secret that each volume of the API's pods mounts, with its key.
fn mounted_secrets(children: &Children) -> Vec<(String, String)> {
    let pod = object(children, Kind::Deployment, API)["spec"]["template"]["spec"].clone();
    let volumes = pod["volumes"].as_array().unwrap().clone();
    let secrets = volumes.iter().map(|volume| &volume["secret"]).filter(|secret| secret.is_object());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    secrets.map(|secret| (text(&secret["secretName"]), text(&secret["items"][0]["key"]))).collect()
}

#[test]
fn login_of_the_page_is_configured_with_its_secrets_as_files() {
    let children = children(&with_login(&json!({"login": {"scopes": ["email"], "maxSession": "8h"}})));
    let file = config_file(&children);
    for line in [
        "client_id = \"advisor\"",
        "client_secret_file = \"/etc/ccx/page-login/secret\"",
        "secret_file = \"/etc/ccx/page/secret\"",
        "url = \"https://advisor.example.com\"",
        "scopes = [\"email\"]",
        "max_session = \"8h\"",
    ] {
        assert!(file.contains(line), "{line}: {file}");
    }
    let mounted = mounted_secrets(&children);
    for (secret, key) in [("advisor-client", "client-secret"), ("ccx-page", "secret")] {
        assert!(mounted.contains(&(secret.into(), key.into())), "{mounted:?}");
    }
}

#[test]
fn login_of_the_page_is_at_its_own_address_if_one_is_given() {
    let change = json!({"login": {"url": "https://page.example.com", "clientSecretRef": null}});
    let file = config_file(&children(&with_login(&change)));
    assert!(file.contains("url = \"https://page.example.com\""), "{file}");
    assert!(!file.contains("client_secret_file"), "a public client: {file}");
}

#[test]
fn page_has_a_generated_secret_that_all_pods_share() {
    let children = children(&json!({"publicApi": {}}));
    let secret = children.find(Kind::Secret, "ccx-page").unwrap();
    assert_eq!(secret.apply, ApplyMode::CreateOnce { generate: Generate::Passwords(vec!["secret".into()]) });
    assert!(config_file(&children).contains("secret_file = \"/etc/ccx/page/secret\""));
    assert!(self::children(&json!({})).find(Kind::Secret, "ccx-page").is_none(), "without a public API");
}

#[test]
fn secret_of_the_page_can_be_given() {
    let reference = json!({"pageSecretRef": {"name": "sessions", "key": "password"}});
    let children = children(&json!({"publicApi": reference}));
    assert!(children.find(Kind::Secret, "ccx-page").is_none());
    assert!(mounted_secrets(&children).contains(&("sessions".into(), "password".into())));
}

#[test]
fn page_without_its_generated_secret_runs_unless_people_log_in() {
    let mounts = |spec: &Value| {
        let pipeline = sample::pipeline(spec);
        let mut references = sample::references(&pipeline);
        references.secrets.insert("ccx-page".into(), None);
        let children = children_with(&pipeline, &references);
        assert!(children.workload(Component::SmartProxy).unwrap().missing.is_empty());
        mounted_secrets(&children).iter().any(|(secret, _)| secret == "ccx-page")
    };
    assert!(!mounts(&json!({"publicApi": {}})), "the operator may not be allowed to create Secrets");
    assert!(mounts(&with_login(&json!({}))), "sessions need it");
}

#[test]
fn changed_secret_of_the_page_restarts_its_pods() {
    let pipeline = sample::pipeline(&with_login(&json!({})));
    let mut references = sample::references(&pipeline);
    let digest = |references: &References| {
        let children = children_with(&pipeline, references);
        let template = object(&children, Kind::Deployment, API)["spec"]["template"].clone();
        template["metadata"]["annotations"].clone()
    };
    let before = digest(&references);
    for name in ["ccx-page", "advisor-client"] {
        references.secrets.insert(name.into(), Some(sample::secret(name, "2")));
        assert_ne!(digest(&references), before, "{name}");
    }
}

#[test]
fn login_that_the_page_would_refuse_is_a_problem_of_its_field() {
    let stored = with_login(&json!({"exposure": {"type": "ClusterIP", "host": null}}));
    let message = errors(&stored).problems[0].message.clone();
    assert!(message.starts_with("spec.publicApi.login.url is missing"), "{message}");
}
