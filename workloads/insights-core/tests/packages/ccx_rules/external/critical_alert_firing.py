from datetime import datetime, timedelta

from insights.core.plugins import make_fail, rule

from ccx_rules.documents import Alerts, excerpt


@rule(Alerts, tags=["openshift", "service_availability", "incident"])
def report(alerts):
    firing = [entry(alert) for alert in alerts.data if is_platform_problem(alert)]
    if firing:
        return make_fail("CRITICAL_ALERT_FIRING", alerts=firing)


def is_platform_problem(alert):
    labels = alert["labels"]
    return (
        labels.get("severity") == "critical"
        and alert.get("status", {}).get("state") == "active"
        and labels.get("openshift_io_alert_source", "platform") == "platform"
        and time(alert["updatedAt"]) - time(alert["startsAt"]) > timedelta(minutes=15)
    )


def time(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def entry(alert):
    labels = alert["labels"]
    return {
        "alertname": labels.get("alertname", ""),
        "namespace": labels.get("namespace", ""),
        "since": alert["startsAt"],
        "summary": excerpt(alert.get("annotations", {}).get("summary")),
    }
