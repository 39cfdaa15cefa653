from insights.core.plugins import make_fail, rule

from ccx_rules.documents import Metrics, number

MIN_VERSION = 15


@rule(Metrics, tags=["openshift", "service_availability"])
def report(metrics):
    old = [
        {"hw_version": labels["hw_version"], "count": number(value)}
        for labels, value in metrics.family("vsphere_node_hw_version_total")
        if int(labels["hw_version"][len("vmx-") :]) < MIN_VERSION and value > 0
    ]
    if old:
        return make_fail("VSPHERE_OLD_HARDWARE_VERSION", hardware_versions=old, minimum="vmx-%d" % MIN_VERSION)
