from insights.core.plugins import make_fail, rule

from ccx_rules.documents import MachineConfigPool, excerpt, find_true


@rule(MachineConfigPool, tags=["openshift", "service_availability"])
def report(pools):
    degraded = [entry(pool.data) for pool in pools if is_degraded(pool.data)]
    if degraded:
        return make_fail("MACHINE_CONFIG_POOL_DEGRADED", pools=degraded)


def is_degraded(pool):
    return pool["status"].get("degradedMachineCount", 0) > 0 or find_true(pool, "Degraded")


def entry(pool):
    condition = find_true(pool, "Degraded") or {}
    return {
        "name": pool["metadata"]["name"],
        "degraded_machines": pool["status"].get("degradedMachineCount", 0),
        "machines": pool["status"].get("machineCount", 0),
        "reason": condition.get("reason", ""),
        "message": excerpt(condition.get("message")),
    }
