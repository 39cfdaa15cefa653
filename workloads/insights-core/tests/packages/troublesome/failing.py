from insights.core.plugins import rule

from ccx_rules.documents import ClusterVersion


@rule(ClusterVersion)
def report(version):
    return version.no_such_field
