//! The CronJob of the cleaner.

use ccx_operator::model::kind::Kind;
use serde_json::{Value, json};

use crate::sample::{children, names, object};

const NAME: &str = "ccx-cleaner";

fn cron_job(spec: &Value) -> Value {
    object(&children(spec), Kind::CronJob, NAME)
}

#[test]
fn cleaner_without_its_field_is_absent() {
    let children = children(&json!({}));
    assert_eq!(names(&children, Kind::CronJob), Vec::<String>::new());
    assert!(!names(&children, Kind::ServiceAccount).contains(&NAME.to_owned()));
}

#[test]
fn cleaner_has_cron_job_account_policy_and_configuration() {
    let children = children(&json!({"cleaner": {}}));
    for kind in [Kind::CronJob, Kind::ServiceAccount, Kind::NetworkPolicy, Kind::ConfigMap] {
        assert!(names(&children, kind).contains(&NAME.to_owned()), "{kind:?}");
    }
    let config = object(&children, Kind::ConfigMap, NAME)["data"]["ccx.toml"].to_string();
    assert!(config.contains("[database]") && !config.contains("[kafka]"), "{config}");
}

#[test]
fn cleaner_runs_on_its_schedule_one_run_at_a_time() {
    let cleaner = json!({"schedule": "0 4 * * SUN", "timeZone": "Europe/Prague", "maxAge": "720h"});
    let spec = cron_job(&json!({"cleaner": cleaner}))["spec"].clone();
    assert_eq!((&spec["schedule"], &spec["timeZone"]), (&json!("0 4 * * SUN"), &json!("Europe/Prague")));
    assert_eq!((&spec["concurrencyPolicy"], &spec["suspend"]), (&json!("Forbid"), &json!(false)));
    let pod = &spec["jobTemplate"]["spec"]["template"];
    assert_eq!(pod["spec"]["containers"][0]["args"], json!(["clean", "--max-age=2592000s"]));
    assert_eq!(pod["metadata"]["labels"]["ccx.openshift.io/role"], "cleaner");
}

#[test]
fn cleaner_is_suspended_by_its_field_and_with_the_workloads() {
    for spec in [json!({"cleaner": {"suspend": true}}), json!({"cleaner": {}, "suspend": true})] {
        assert_eq!(cron_job(&spec)["spec"]["suspend"], true, "{spec}");
    }
}

#[test]
fn policies_let_the_cleaner_reach_the_managed_database_only() {
    let children = children(&json!({"cleaner": {}}));
    let database = object(&children, Kind::NetworkPolicy, "ccx-data-pipeline-db");
    let clients = database["spec"]["ingress"][0]["from"].to_string();
    assert!(clients.contains("\"cleaner\""), "{clients}");
    let policy = object(&children, Kind::NetworkPolicy, NAME);
    assert_eq!(policy["spec"].get("ingress"), None, "nothing connects to it");
    let egress = policy["spec"]["egress"].to_string();
    assert!(egress.contains("5432") && !egress.contains("9092"), "{egress}");
}

#[test]
fn pods_of_the_cleaner_have_the_pod_template_of_the_writer() {
    let template =
        json!({"nodeSelector": {"pool": "insights"}, "extraEnv": [{"name": "TZ", "value": "UTC"}]});
    let spec = json!({"cleaner": {}, "dbWriter": {"podTemplate": template}});
    let pod = cron_job(&spec)["spec"]["jobTemplate"]["spec"]["template"]["spec"].clone();
    assert_eq!(pod["nodeSelector"], json!({"pool": "insights"}));
    assert!(pod["containers"][0]["env"].to_string().contains("\"TZ\""), "{pod}");
}
