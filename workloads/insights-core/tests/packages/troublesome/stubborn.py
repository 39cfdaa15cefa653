from insights.core.plugins import rule

from ccx_rules.documents import ClusterVersion


@rule(ClusterVersion)
def report(version):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
