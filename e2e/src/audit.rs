//! Who asked the API server for what, by its audit log.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

/// A request, as roles grant it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// The API group; empty for the core.
    pub group: String,
    /// The plural name, and the subresource after a slash.
    pub resource: String,
    /// What was asked for.
    pub verb: String,
}

/// What a service account asked for, and what of it was forbidden.
#[derive(Debug, Default)]
pub struct Requests {
    /// All of it.
    pub asked: BTreeSet<Request>,
    /// What it has no right to.
    pub forbidden: BTreeSet<Request>,
}

impl Requests {
    /// Reads the log for `namespace:account`.
    pub fn of(account: &str, log: &Path) -> Self {
        let user = format!("system:serviceaccount:{account}");
        let mut requests = Self::default();
        for line in fs::read_to_string(log).expect("the API server writes its log").lines() {
            let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
            if entry["user"]["username"] == user.as_str() {
                requests.note(&entry);
            }
        }
        requests
    }

    fn note(&mut self, entry: &Value) {
        let Some(request) = request(entry) else { return };
        // To apply what is not there is to create it, for which a role has a verb of its own.
        if request.verb == "patch" && entry["responseStatus"]["code"] == 201 {
            self.asked.insert(Request { verb: "create".into(), ..request.clone() });
        }
        // Not the answer's status: what is refused for another reason, such as a namespace that is being deleted, has the same one.
        if entry["annotations"]["authorization.k8s.io/decision"] == "forbid" {
            self.forbidden.insert(request.clone());
        }
        self.asked.insert(request);
    }
}

/// `None` for what is no resource, such as the list of all kinds, which everybody may read.
fn request(entry: &Value) -> Option<Request> {
    let reference = entry["objectRef"].as_object()?;
    let text = |key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default();
    let resource = match text("subresource") {
        "" => text("resource").to_owned(),
        subresource => format!("{}/{subresource}", text("resource")),
    };
    Some(Request { group: text("apiGroup").into(), resource, verb: entry["verb"].as_str()?.into() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_applied_and_not_there_was_created() {
        let mut requests = Requests::default();
        let reference = json!({"apiGroup": "apps", "resource": "deployments", "name": "a"});
        requests.note(&json!({"verb": "patch", "objectRef": reference, "responseStatus": {"code": 201}}));
        let verbs: Vec<&str> = requests.asked.iter().map(|request| request.verb.as_str()).collect();
        assert_eq!(verbs, ["create", "patch"]);
    }

    #[test]
    fn a_request_for_a_subresource_is_told_apart_and_one_for_no_resource_is_left_out() {
        let mut requests = Requests::default();
        let reference =
            json!({"apiGroup": "ccx.openshift.io", "resource": "ccxpipelines", "subresource": "status"});
        requests.note(
            &json!({"verb": "patch", "objectRef": reference, "annotations": {"authorization.k8s.io/decision": "forbid"}}),
        );
        requests.note(&json!({"verb": "get", "requestURI": "/apis"}));
        let status = Request {
            group: "ccx.openshift.io".into(),
            resource: "ccxpipelines/status".into(),
            verb: "patch".into(),
        };
        assert_eq!(requests.asked, [status.clone()].into());
        assert_eq!(requests.forbidden, [status].into());
    }
}
