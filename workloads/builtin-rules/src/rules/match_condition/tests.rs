use proptest::prelude::*;

use super::*;

const PODS: Resource<'static> = Resource { group: "", name: "pods", subresource: "", is_namespaced: true };

fn decided(expression: &str) -> Decision {
    decide(expression, Request { operation: "CREATE", resource: PODS, namespace: "openshift-etcd" })
}

#[test]
fn condition_on_the_request_is_decided() {
    for (expression, expected) in [
        ("request.namespace != 'policy-engine'", Decision::True),
        ("request.namespace == \"openshift-etcd\"", Decision::True),
        ("!request.namespace.startsWith('openshift-')", Decision::False),
        (
            "!(request.namespace.startsWith('openshift-') || request.namespace.startsWith('kube-'))",
            Decision::False,
        ),
        ("!(request.namespace in ['kube-system', 'openshift-etcd'])", Decision::False),
        ("request.namespace in ['shop', 'bank',]", Decision::False),
        ("namespaceObject.metadata.name.matches('^openshift-.*')", Decision::True),
        ("!request.namespace.matches('^openshift-.*$')", Decision::False),
        ("request.namespace.matches('^shop$')", Decision::False),
        (
            "!(request.resource.group == 'coordination.k8s.io' && request.resource.resource == 'leases')",
            Decision::True,
        ),
        ("!('system:nodes' in request.userInfo.groups)", Decision::True),
        ("request.operation == 'DELETE'", Decision::False),
        ("!!true", Decision::True),
        ("true && !false", Decision::True),
    ] {
        assert_eq!(decided(expression), expected, "{expression}");
    }
}

#[test]
fn known_part_decides_where_it_can() {
    for (expression, expected) in [
        ("object.spec.hostNetwork || request.namespace == 'openshift-etcd'", Decision::True),
        ("object.spec.hostNetwork && request.namespace == 'shop'", Decision::False),
        ("object.spec.hostNetwork && request.namespace == 'openshift-etcd'", Decision::Unknown),
        ("request.namespace in ['shop', object.metadata.name]", Decision::Unknown),
    ] {
        assert_eq!(decided(expression), expected, "{expression}");
    }
}

#[test]
fn other_expressions_are_unknown() {
    for expression in [
        "",
        "object.metadata.labels['x'] == 'y'",
        "has(object.metadata.labels)",
        "authorizer.group('admissionregistration.k8s.io').resource('x').check('breakglass').allowed()",
        "['a'].exists(x, request.namespace.startsWith(x))",
        "request.namespace == 'a' ? true : false",
        "request.namespace.matches('[a-z]+')",
        "request.namespace == 'unfinished",
        "request.namespace ==",
        "true true",
    ] {
        assert_eq!(decided(expression), Decision::Unknown, "{expression}");
    }
    let deep = format!("{}true{}", "(".repeat(1000), ")".repeat(1000));
    assert_eq!(decided(&deep), Decision::Unknown);
}

proptest! {
    #[test]
    fn any_text_causes_no_panic(expression in "[a-z.()\\[\\]!&|='\" ,]{0,60}") {
        decided(&expression);
    }
}
