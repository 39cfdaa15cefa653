from insights.core.plugins import make_fail, rule

from ccx_rules.documents import Alerts, Metrics, number

DISK_ALERTS = ("etcdHighFsyncDurations", "etcdHighCommitDurations")


@rule([Alerts, Metrics], tags=["openshift", "performance"])
def report(alerts, metrics):
    active = [alert for alert in (alerts.data if alerts else []) if alert.get("status", {}).get("state") == "active"]
    names = sorted({alert["labels"].get("alertname") for alert in active} & set(DISK_ALERTS))
    slow = [
        {"instance": labels.get("instance", ""), "slow_apply": number(value)}
        for labels, value in (metrics.family("etcd_server_slow_apply_total") if metrics else [])
        if value > 100
    ]
    if names or slow:
        return make_fail("ETCD_SLOW_DISK", members=slow, alerts=names)
