//! Certificate signing requests of nodes that have been pending for some time.

use chrono::TimeDelta;
use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CERTIFICATE_SIGNING_REQUESTS, CertificateSigningRequest},
};

const KEY: &str = "NODE_CSR_PENDING";

/// Automatic approval takes seconds; manual approval takes the time of an administrator who adds nodes.
const MIN_PENDING: TimeDelta = TimeDelta::hours(1);

pub(super) struct CsrNotHandled;

#[derive(Serialize)]
struct Details<'a> {
    csrs: Vec<Pending<'a>>,
    is_hosted: bool,
}

#[derive(Serialize)]
struct Pending<'a> {
    name: &'a str,
    created: &'a str,
    username: &'a str,
}

impl Rule for CsrNotHandled {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.csr_not_handled", KEY)
            .requires(CERTIFICATE_SIGNING_REQUESTS)
            .for_at_least(MIN_PENDING, "pending")
            .adapts_to(
                ClusterKind::HostedControlPlane,
                "the text names the management cluster, in which requests are approved",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let requests = context.within_budget(context.certificate_signing_requests());
        let csrs = non_empty(requests.filter_map(|request| pending(request, context)))?;
        let is_hosted = context.is_kind(ClusterKind::HostedControlPlane);
        Some(Response::hit(KEY, &Details { csrs, is_hosted }))
    }
}

fn pending<'a>(request: &'a CertificateSigningRequest<'_>, context: &Context<'_>) -> Option<Pending<'a>> {
    let created = &*request.metadata.creation_timestamp;
    let is_undecided = request.status.conditions.is_empty();
    let is_lasting = !request.metadata.is_empty() && context.has_lasted(created, MIN_PENDING);
    (is_undecided && request.is_of_node() && is_lasting).then(|| Pending {
        name: &request.metadata.name,
        created,
        username: &request.spec.username,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const NODE: &str = "system:node:worker-0";
    const BOOTSTRAPPER: &str = "system:serviceaccount:openshift-machine-config-operator:node-bootstrapper";

    fn ask_about(created: &str, spec: &Value, conditions: &Value) -> Answer {
        let metadata = json!({"name": "csr-x", "creationTimestamp": created});
        let request = json!({"ObjectMeta": metadata, "Spec": spec, "Status": {"Conditions": conditions}});
        ask(CsrNotHandled, &[("config/certificatesigningrequests/csr-x.json", request)])
    }

    #[test]
    fn request_of_a_node_that_is_pending_for_an_hour_is_a_hit() {
        for (username, groups) in
            [(NODE, json!([])), (BOOTSTRAPPER, json!(null)), ("", json!(["system:nodes"]))]
        {
            let spec = json!({"Username": username, "Groups": groups});
            let csr = json!({"name": "csr-x", "created": "2026-01-15T11:00:00Z", "username": username});
            let answer = ask_about("2026-01-15T11:00:00Z", &spec, &json!(null));
            assert_eq!(answer, Answer::Hit(json!({"csrs": [csr], "is_hosted": false})));
        }
    }

    #[test]
    fn fields_in_the_spelling_of_kubernetes_are_read() {
        let request = json!({"metadata": {"name": "csr-x", "creationTimestamp": "2026-01-15T08:00:00Z"},
            "spec": {"username": NODE, "groups": []}, "status": {}});
        let csr = json!({"name": "csr-x", "created": "2026-01-15T08:00:00Z", "username": NODE});
        let answer = ask(CsrNotHandled, &[("config/certificatesigningrequests/csr-x.json", request)]);
        assert_eq!(answer, Answer::Hit(json!({"csrs": [csr], "is_hosted": false})));
    }

    #[test]
    fn request_that_is_young_decided_or_of_a_user_is_silent() {
        let node = json!({"Username": NODE});
        let person = json!({"Username": "kube:admin", "Groups": ["system:cluster-admins"]});
        let approved = json!([{"type": "Approved", "status": "True"}]);
        assert_eq!(ask_about("2026-01-15T11:00:01Z", &node, &json!(null)), Answer::Miss);
        assert_eq!(ask_about("2026-01-15T08:00:00Z", &node, &approved), Answer::Miss);
        assert_eq!(ask_about("2026-01-15T08:00:00Z", &person, &json!(null)), Answer::Miss);
        assert_eq!(ask(CsrNotHandled, &[]), Answer::skip_all(&["certificate_signing_requests"]));
    }
}
