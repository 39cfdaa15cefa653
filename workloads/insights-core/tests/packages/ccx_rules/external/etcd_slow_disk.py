from insights.core.plugins import make_fail, rule

from ccx_rules.documents import Alerts, Metrics

DISK_ALERTS = ("etcdHighFsyncDurations", "etcdHighCommitDurations")


@rule([Alerts, Metrics], tags=["openshift", "performance"])
def report(alerts, metrics):
    """The counters of slow requests have no time over which they grew, so the alerts decide."""
    active = [alert for alert in (alerts.data if alerts else []) if alert.get("status", {}).get("state") == "active"]
    names = sorted({alert["labels"].get("alertname") for alert in active} & set(DISK_ALERTS))
    if names:
        return make_fail("ETCD_SLOW_DISK", members=[], alerts=names)
