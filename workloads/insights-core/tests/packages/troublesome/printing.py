import os

from insights.core.plugins import make_fail, rule

from ccx_rules.documents import ClusterVersion


@rule(ClusterVersion)
def report(version):
    print("\x00\x00\x00\x02{}")
    os.write(1, b"\xff\xff\xff\xff")
    return make_fail("PRINTED", read=open(0).read())
