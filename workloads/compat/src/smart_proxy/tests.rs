use std::time::Duration;

use ccx_config::{Config, TlsMode};

use super::*;

/// The sections and keys of the original's file.
const FILE: &str = r#"
[server]
address = ":8081"
api_v1_prefix = "/api/insights-results-aggregator/v1/"
api_v2_prefix = "/api/insights-results-aggregator/v2/"
api_v1_spec_file = "openapi.json"
debug = true
auth = true
auth_type = "xrh"
enable_internal_rules_organizations = true
internal_rules_organizations = [1, 2]
log_auth_token = true
org_clusters_fallback = true
use_rbac = true
elephant = 1

[services]
aggregator = "http://localhost:8080/api/v1/"
content = "http://localhost:8082/api/v1/"
upgrade_risks_prediction = "http://localhost:8083/"
groups_poll_time = "60s"

[amsclient]
url = "https://api.openshift.com"
client_id = "me"
client_secret = "s3cret"
page_size = 100
cluster_list_caching = "1h30m"

[redis]
endpoint = "localhost:6379"
database = 3
timeout_seconds = 30

[rbac]
url = "https://console.redhat.com/api/rbac/v1"
enforce = false

[metrics]
namespace = "smart_proxy"

[sentry]
dsn = "x"
"#;

fn translated(file: &str, variables: &[(&str, &str)]) -> Translation {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), file).unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    translate(Some(folder.path()), &variables).unwrap().unwrap()
}

#[test]
fn file_of_the_original_becomes_our_configuration() {
    let translation = translated(FILE, &[("INSIGHTS_RESULTS_SMART_PROXY__AMSCLIENT__CLIENT_ID", "other")]);
    assert_eq!(translation.unknown, ["server.elephant"]);
    let unused: BTreeSet<&str> = translation.unused.iter().map(|(key, _)| key.as_str()).collect();
    assert!(unused.is_superset(&["services.aggregator", "server.debug", "sentry"].into()), "{unused:?}");
    let config = Config::parse("", translation.variables).unwrap();
    let (smart_proxy, ams) = (&config.smart_proxy, &config.smart_proxy.account_management);
    assert_eq!(smart_proxy.listen.port(), 8081);
    assert_eq!(smart_proxy.api_prefix, "/api/insights-results-aggregator/");
    assert_eq!(smart_proxy.upgrade_risks_url.as_deref(), Some("http://localhost:8083/"));
    assert_eq!(smart_proxy.metrics_namespace, "smart_proxy");
    assert_eq!(ams.url.as_deref(), Some("https://api.openshift.com"));
    assert_eq!(ams.client_id.as_deref(), Some("other"), "a variable overrides the file");
    assert_eq!((ams.page_size, ams.cache), (100, Duration::from_mins(90)));
    assert_eq!(config.auth.internal_organizations, [1, 2]);
    assert!(config.auth.trust_identity_header && !config.auth.rbac.enforce);
    assert_eq!(config.valkey.endpoint.as_deref(), Some("localhost:6379"));
    assert_eq!((config.valkey.database, config.valkey.timeout), (3, Duration::from_secs(30)));
}

#[test]
fn organizations_of_internal_rules_come_from_the_csv_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("organizations.csv");
    let settings = |enabled: bool| {
        let file = file.display();
        format!(
            "[server]\nenable_internal_rules_organizations = {enabled}\n\
             [setup]\ninternal_rules_organizations_csv_file = \"{file}\"\n"
        )
    };
    let organizations = |enabled: bool| {
        let translation = translated(&settings(enabled), &[]);
        assert_eq!(translation.unknown, [""; 0]);
        Config::parse("", translation.variables).unwrap().auth.internal_organizations
    };
    std::fs::write(&file, "OrgID,Name\n3340851,one\n\"11789772\",\"two\"\n\n").unwrap();
    assert_eq!(organizations(true), [3_340_851, 11_789_772]);
    assert_eq!(organizations(false), [0; 0]);

    std::fs::write(folder.path().join("config.toml"), settings(true)).unwrap();
    let error = || {
        let error = translate(Some(folder.path()), &BTreeMap::new()).map(|_| ()).unwrap_err();
        error.to_string()
    };
    std::fs::write(&file, "OrgID\n1\nelephant\n").unwrap();
    assert!(error().contains("organizations.csv, line 3: expected the id of an organization"), "{}", error());
    std::fs::remove_file(&file).unwrap();
    assert!(error().contains("failed to read the organizations in"), "{}", error());
}

#[test]
fn clowder_document_overrides_the_connections() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cdappconfig.json");
    let document = r#"{
        "inMemoryDb": {"hostname": "redis", "port": 6379, "password": "s3cret"},
        "database": {"hostname": "db", "port": 5433, "username": "me", "password": "word", "name": "aggregator",
            "rdsCa": "CERTIFICATE", "sslMode": "verify-full"}
    }"#;
    std::fs::write(&file, document).unwrap();
    let clowder = Clowder::load(file.to_str()).unwrap().unwrap();
    let mut translation = translated(FILE, &[]);
    apply(&mut translation, &clowder, folder.path()).unwrap();
    let config = Config::parse("", translation.variables).unwrap();
    let (valkey, database) = (&config.valkey, &config.database);
    assert_eq!((valkey.endpoint.as_deref(), valkey.database), (Some("redis:6379"), 3));
    assert_eq!(valkey.password.as_ref().unwrap().expose(), "s3cret");
    assert_eq!((database.host.as_str(), database.port), ("db", 5433));
    assert_eq!((database.user.as_str(), database.name.as_str()), ("me", "aggregator"));
    assert_eq!(database.tls_mode, TlsMode::VerifyFull);
    assert_eq!(database.ca_file, Some(folder.path().join("database-ca.pem")));
}

#[test]
fn empty_configuration_sets_nothing() {
    let translation = translated("", &[("CCX__SMART_PROXY__LISTEN", "[::]:1"), ("PATH", "/bin")]);
    assert!(translation.variables.is_empty() && translation.unknown.is_empty());
}

#[test]
fn every_key_of_ours_exists() {
    for key in KEYS {
        if let Counterpart::Key(ours) = key.ours {
            crate::translation::assert_exists(ours);
        }
    }
}
