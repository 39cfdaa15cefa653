import re

from insights.core.plugins import make_fail, rule

from ccx_rules.documents import ControllerManagerLog, log_path

RESYNC = "syncing garbage collector with updated resources from discovery"


@rule(ControllerManagerLog, tags=["openshift", "performance"])
def report(logs):
    pods = [pod for pod in map(resyncing, logs) if pod]
    if pods:
        return make_fail("KCM_GARBAGE_COLLECTOR_RESYNC", pods=pods)


def resyncing(log):
    lines = [line for line in log.lines if RESYNC in line and re.search(r"removed. \[[^\]]", line)]
    if not lines:
        return None
    removed = lines[0].rsplit("removed", 1)[1].split("[", 1)[1].split("]", 1)[0]
    return {"pod": log_path(log.path)["pod"], "count": len(lines), "removed": removed[:300]}
