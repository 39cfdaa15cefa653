//! Install plans of `lib-bucket-provisioner` that are created repeatedly.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{INSTALL_PLANS, InstallPlanCount},
};

const KEY: &str = "LIB_BUCKET_PROVISIONER_INSTALL_PLANS_ISSUE";
const OPERATOR: &str = "lib-bucket-provisioner";

/// Each installation leaves an install plan behind.
const MAX_PLANS: i64 = 10;

pub(super) struct LibBucketProvisionerCheck;

#[derive(Serialize)]
struct Details<'a> {
    namespace: &'a str,
    csv: &'a str,
    count: i64,
}

impl Rule for LibBucketProvisionerCheck {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.lib_bucket_provisioner_check", KEY).requires(INSTALL_PLANS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let plans = context.within_budget(context.install_plans()?.items.iter());
        let worst = plans.filter_map(too_many).max_by_key(|details| details.count)?;
        Some(Response::hit(KEY, &worst))
    }
}

fn too_many<'a>(plans: &'a InstallPlanCount<'_>) -> Option<Details<'a>> {
    let is_provisioner = plans.csv.starts_with(OPERATOR) || plans.name.starts_with(OPERATOR);
    let count = plans.count.0.filter(|&count| is_provisioner && count > MAX_PLANS)?;
    Some(Details { namespace: &plans.namespace, csv: &plans.csv, count })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn plans(csv: &str, count: i64) -> Value {
        json!({"ns": "openshift-storage", "name": "install-", "csv": csv, "count": count})
    }

    fn ask_about(items: &Value) -> Answer {
        ask(LibBucketProvisionerCheck, &[("config/installplans.json", json!({"items": items}))])
    }

    #[test]
    fn largest_number_of_plans_is_shown() {
        let answer = ask_about(&json!([
            plans("lib-bucket-provisioner.v1", 11),
            plans("lib-bucket-provisioner.v2", 400)
        ]));
        let details =
            json!({"namespace": "openshift-storage", "csv": "lib-bucket-provisioner.v2", "count": 400});
        assert_eq!(answer, Answer::Hit(details));
    }

    #[test]
    fn few_plans_or_other_operators_are_silent() {
        assert_eq!(
            ask_about(&json!([plans("lib-bucket-provisioner.v1", 10), plans("other.v1", 400)])),
            Answer::Miss
        );
        assert_eq!(ask_about(&json!(null)), Answer::Miss);
        assert_eq!(ask(LibBucketProvisionerCheck, &[]), Answer::skip_all(&["install_plans"]));
    }
}
