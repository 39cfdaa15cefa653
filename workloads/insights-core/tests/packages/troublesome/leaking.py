from insights.core.plugins import rule

from ccx_rules.documents import ClusterVersion

LEAK = []


@rule(ClusterVersion)
def report(version):
    LEAK.append(b"x" * (8 << 20))
