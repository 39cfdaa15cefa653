from insights.core.plugins import make_fail, rule

from ccx_rules.documents import MachineApiEvents, excerpt

REASONS = ("FailedUpdate", "FailedCreate", "FailedDelete", "RemediationRestricted")


@rule(MachineApiEvents, tags=["openshift", "fault_tolerance"])
def report(events):
    by_reason = {}
    for event in events.data["items"]:
        if event.get("type") == "Warning" and event.get("reason") in REASONS:
            by_reason.setdefault(event["reason"], []).append(event)
    found = [entry(reason, by_reason[reason]) for reason in sorted(by_reason)]
    if found:
        return make_fail("MACHINE_API_WARNING_EVENTS", events=found)


def entry(reason, events):
    last = max(enumerate(events), key=lambda item: (item[1]["lastTimestamp"], item[0]))[1]
    return {
        "reason": reason,
        "count": len(events),
        "last": last["lastTimestamp"],
        "message": excerpt(last.get("message")),
    }
