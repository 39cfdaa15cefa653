from insights.core.plugins import make_fail, rule

from ccx_rules.documents import ClusterVersion, Infrastructure, excerpt, find_true


@rule(ClusterVersion, optional=[Infrastructure], tags=["openshift", "service_availability"])
def report(version, infrastructure):
    failing = find_true(version.data, "Failing")
    if failing is None:
        return None
    status = version.data["status"]
    completed = (entry["version"] for entry in status.get("history") or [] if entry["state"] == "Completed")
    desired = status.get("desired", {}).get("version", "")
    return make_fail(
        "CLUSTER_VERSION_FAILING",
        reason=failing.get("reason", ""),
        message=excerpt(failing.get("message")),
        desired=desired,
        current=next(completed, desired),
        is_hosted=infrastructure is not None and infrastructure.is_hosted,
    )
