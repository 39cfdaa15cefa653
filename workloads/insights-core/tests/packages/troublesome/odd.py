from insights.core.plugins import make_fail, rule

from ccx_rules.documents import ClusterVersion


@rule(ClusterVersion)
def report(version):
    return make_fail("ODD", number=float("nan"))
