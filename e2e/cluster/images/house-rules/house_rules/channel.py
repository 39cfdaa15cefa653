"""A rule of insights-core that hits on every cluster."""

import json

from insights.core.context import HostArchiveContext
from insights.core.plugins import make_fail, parser, rule
from insights.core.spec_factory import SpecSet, simple_file


class Files(SpecSet):
    version = simple_file("config/version.json", context=HostArchiveContext)


@parser(Files.version)
class Version:
    def __init__(self, context):
        self.data = json.loads("\n".join(context.content))


@rule(Version)
def report(version):
    return make_fail("CHANNEL", channel=version.data["spec"]["channel"])
