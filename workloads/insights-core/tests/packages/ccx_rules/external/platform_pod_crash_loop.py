from insights.core.plugins import make_fail, rule

from ccx_rules.documents import Pod


@rule(Pod, tags=["openshift", "service_availability"])
def report(pods):
    crashing = [entry(pod.data, container) for pod in pods for container in containers(pod.data) if is_crashing(container)]
    if crashing:
        return make_fail("PLATFORM_POD_CRASH_LOOPING", containers=crashing)


def containers(pod):
    status = pod.get("status", {})
    return (status.get("containerStatuses") or []) + (status.get("initContainerStatuses") or [])


def is_crashing(container):
    waiting = container.get("state", {}).get("waiting") or {}
    return waiting.get("reason") == "CrashLoopBackOff" and container.get("restartCount", 0) >= 5


def entry(pod, container):
    last = (container.get("lastState") or {}).get("terminated") or {}
    return {
        "namespace": pod["metadata"]["namespace"],
        "pod": pod["metadata"]["name"],
        "container": container["name"],
        "restarts": container.get("restartCount", 0),
        "last_reason": last.get("reason", ""),
        "last_exit_code": last.get("exitCode"),
        "last_finished": last.get("finishedAt", ""),
    }
