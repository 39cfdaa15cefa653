import re

from insights.core.plugins import make_fail, rule

from ccx_rules.documents import PlatformLog, log_path

PANIC = re.compile("Observed a panic|panic. runtime error|fatal error. concurrent map")


@rule(PlatformLog, tags=["openshift", "service_availability"])
def report(logs):
    found = [entry for entry in map(panics, logs) if entry]
    if found:
        return make_fail("PLATFORM_OPERATOR_PANIC", logs=found)


def panics(log):
    lines = [line for line in log.lines if PANIC.search(line)]
    if not lines:
        return None
    return dict(log_path(log.path), count=len(lines), line=lines[0][:300])
