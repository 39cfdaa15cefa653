//! Requests to the API server, from its audit log.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

/// A request, as roles grant it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// The API group; empty for the core.
    pub group: String,
    /// The plural name, and the subresource after a slash.
    pub resource: String,
    /// The verb.
    pub verb: String,
}

/// The requests of a service account, and those that were forbidden.
#[derive(Debug, Default)]
pub struct Requests {
    /// All requests.
    pub asked: BTreeSet<Request>,
    /// The requests that its roles do not allow.
    pub forbidden: BTreeSet<Request>,
}

impl Requests {
    /// Reads the log for `namespace:account`.
    pub fn from_log(account: &str, log: &Path) -> Self {
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
        // Applying an absent object creates it, which needs the verb `create`.
        if request.verb == "patch" && entry["responseStatus"]["code"] == 201 {
            self.asked.insert(Request { verb: "create".into(), ..request.clone() });
        }
        // Not the status of the response: a request that is refused for another reason, such as a terminating
        // namespace, has the same.
        if entry["annotations"]["authorization.k8s.io/decision"] == "forbid" {
            self.forbidden.insert(request.clone());
        }
        self.asked.insert(request);
    }
}

/// `None` for a request that is not about a resource, such as the discovery of kinds, which every user may
/// do.
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
    fn patch_of_an_absent_object_counts_as_create() {
        let mut requests = Requests::default();
        let reference = json!({"apiGroup": "apps", "resource": "deployments", "name": "a"});
        requests.note(&json!({"verb": "patch", "objectRef": reference, "responseStatus": {"code": 201}}));
        let verbs: Vec<&str> = requests.asked.iter().map(|request| request.verb.as_str()).collect();
        assert_eq!(verbs, ["create", "patch"]);
    }

    #[test]
    fn subresource_is_distinguished_and_non_resource_request_ignored() {
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
