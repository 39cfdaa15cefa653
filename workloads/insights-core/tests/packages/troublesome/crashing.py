import os

from insights.core.plugins import rule

from ccx_rules.documents import ClusterVersion


@rule(ClusterVersion)
def report(version):
    """Crashes until the file that the variable names exists."""
    seen = os.environ.get("CCX_TEST_CRASHED")
    if seen is None or not os.path.exists(seen):
        if seen:
            open(seen, "w").close()
        os.write(2, b"the rule took the process down\n")
        os._exit(7)
