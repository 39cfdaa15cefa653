"""What the rules read, as insights-core's specs and parsers."""

import json
import re

from insights.core.context import HostArchiveContext
from insights.core.plugins import parser
from insights.core.spec_factory import SpecSet, glob_file, simple_file

MAX_MESSAGE_CHARS = 1000


class Files(SpecSet):
    alerts = simple_file("config/alerts.json", context=HostArchiveContext)
    cluster_operators = glob_file("config/clusteroperator/*.json", context=HostArchiveContext)
    cluster_version = simple_file("config/version.json", context=HostArchiveContext)
    controller_manager_logs = glob_file(
        "namespaces/openshift-kube-controller-manager/pods/*/*/*.log", context=HostArchiveContext
    )
    infrastructure = simple_file("config/infrastructure.json", context=HostArchiveContext)
    machine_api_events = simple_file("events/openshift-machine-api.json", context=HostArchiveContext)
    machine_config_pools = glob_file("config/machineconfigpools/*.json", context=HostArchiveContext)
    metrics = simple_file("config/metrics", context=HostArchiveContext)
    nodes = glob_file("config/node/*.json", context=HostArchiveContext)
    platform_logs = glob_file("namespaces/openshift-*/pods/*/*/*.log", context=HostArchiveContext)
    pods = glob_file("config/pod/openshift-*/*.json", context=HostArchiveContext)


class Document:
    def __init__(self, context):
        self.path = context.relative_path
        self.data = json.loads("\n".join(context.content))


class Lines:
    def __init__(self, context):
        self.path = context.relative_path
        self.lines = context.content


@parser(Files.alerts)
class Alerts(Document):
    pass


@parser(Files.cluster_operators)
class ClusterOperator(Document):
    pass


@parser(Files.cluster_version)
class ClusterVersion(Document):
    pass


@parser(Files.controller_manager_logs)
class ControllerManagerLog(Lines):
    pass


@parser(Files.infrastructure)
class Infrastructure(Document):
    @property
    def is_hosted(self):
        return self.data.get("status", {}).get("controlPlaneTopology") == "External"


@parser(Files.machine_api_events)
class MachineApiEvents(Document):
    pass


@parser(Files.machine_config_pools)
class MachineConfigPool(Document):
    pass


@parser(Files.metrics)
class Metrics(Lines):
    SAMPLE = re.compile(r"^(\w+)(?:\{(.*?)\})? (\S+)")
    LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

    def family(self, name):
        for line in self.lines:
            sample = self.SAMPLE.match(line)
            if sample and sample.group(1) == name:
                yield dict(self.LABEL.findall(sample.group(2) or "")), float(sample.group(3))


@parser(Files.platform_logs)
class PlatformLog(Lines):
    pass


@parser(Files.pods)
class Pod(Document):
    pass


def find_true(document, condition_type):
    """The condition of that type when it is true."""
    for condition in document.get("status", {}).get("conditions") or []:
        if condition.get("type") == condition_type and condition.get("status") == "True":
            return condition
    return None


def excerpt(text):
    return (text or "")[:MAX_MESSAGE_CHARS]


def number(value):
    return int(value) if value == int(value) else value


def log_path(path):
    """`namespaces/<namespace>/pods/<pod>/<container>/<file>`"""
    parts = path.lstrip("/").split("/")
    return {"namespace": parts[1], "pod": parts[3], "file": parts[5]}
