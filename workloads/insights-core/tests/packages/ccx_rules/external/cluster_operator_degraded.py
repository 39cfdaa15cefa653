from insights.core.plugins import make_fail, rule

from ccx_rules.documents import ClusterOperator, excerpt, find_true


@rule(ClusterOperator, tags=["openshift", "service_availability", "incident"])
def report(operators):
    degraded = [entry(operator.data) for operator in operators if find_true(operator.data, "Degraded")]
    if degraded:
        return make_fail("CLUSTER_OPERATOR_DEGRADED", operators=degraded)


def entry(operator):
    condition = find_true(operator, "Degraded")
    versions = operator.get("status", {}).get("versions") or []
    version = next((entry["version"] for entry in versions if entry["name"] == "operator"), "")
    return {
        "name": operator["metadata"]["name"],
        "reason": condition.get("reason", ""),
        "message": excerpt(condition.get("message")),
        "last_trans_time": condition.get("lastTransitionTime", ""),
        "version": version,
    }
