//! Evaluates the match conditions of webhooks for a request, as far as the request is known.
//!
//! Conditions are written in CEL. They usually compare the request's namespace, resource or user; the
//! operators, string functions and fields for such conditions are supported. Everything else has an unknown
//! value, as has an expression that depends on it.

use ccx_rules::documents::Resource;

mod parse;
mod value;

use parse::Parser;
use value::Value;

/// Maximum length of an expression.
const MAX_CHARS: usize = 4096;

/// Request of a component of the platform.
#[derive(Clone, Copy)]
pub(super) struct Request<'r> {
    /// `CREATE`, `UPDATE` and others.
    pub operation: &'r str,
    /// The resource.
    pub resource: Resource<'r>,
    /// The namespace; empty for a cluster-scoped resource.
    pub namespace: &'r str,
}

/// Result of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The request meets the condition.
    True,
    /// The request does not meet the condition.
    False,
    /// The condition depends on an unknown value.
    Unknown,
}

/// Evaluates a condition for a request.
pub(super) fn decide(expression: &str, request: Request<'_>) -> Decision {
    if expression.len() > MAX_CHARS {
        return Decision::Unknown;
    }
    match Parser::new(expression, &|path| request.field(path)).evaluate() {
        Some(Value::Bool(true)) => Decision::True,
        Some(Value::Bool(false)) => Decision::False,
        _ => Decision::Unknown,
    }
}

impl Request<'_> {
    /// Returns the value of a field such as `request.namespace`.
    fn field(&self, path: &str) -> Value {
        let of_kubelet = self.resource.name != "pods";
        match path {
            "request.namespace" | "object.metadata.namespace" | "namespaceObject.metadata.name" => {
                Value::text(self.namespace)
            }
            "request.operation" => Value::text(self.operation),
            "request.resource.group" | "request.kind.group" => Value::text(self.resource.group),
            "request.resource.resource" => Value::text(self.resource.name),
            "request.subResource" => Value::text(self.resource.subresource),
            "request.userInfo.username" if of_kubelet => Value::Unknown,
            "request.userInfo.username" => {
                Value::text("system:serviceaccount:kube-system:replicaset-controller")
            }
            "request.userInfo.groups" if of_kubelet => {
                Value::texts(&["system:nodes", "system:authenticated"])
            }
            "request.userInfo.groups" => Value::texts(&[
                "system:serviceaccounts",
                "system:serviceaccounts:kube-system",
                "system:authenticated",
            ]),
            _ => Value::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
