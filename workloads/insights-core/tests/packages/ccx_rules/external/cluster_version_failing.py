from insights.core.plugins import make_fail, rule

from ccx_rules.documents import ClusterVersion, excerpt, find_true


@rule(ClusterVersion, tags=["openshift", "service_availability"])
def report(version):
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
    )
