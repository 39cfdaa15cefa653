"""Runs insights-core rules on unpacked archives, one after the other, for the process that started it.

Frames on standard input and output: four bytes with the length, most significant first, then that much JSON.

    load {packages, config, rule_timeout_s, max_memory_bytes, only_needed}   ->  handshake {protocol, core, rules, files, rss_bytes}
    run  {id, folder}                                                        ->  response {id, report, errors, rss_bytes}
                                                                                 or failed {id, error, rss_bytes}

The end of standard input ends the worker.
"""

import gc
import io
import json
import os
import re
import resource
import signal
import struct
import sys

PROTOCOL = 1

# Collecting walks all of a rule pack's objects; what an archive leaves behind is small.
ARCHIVES_PER_COLLECTION = 20

# Maximum size of a response, a report and errors. Only a faulty rule returns more.
MAX_FRAME_BYTES = 64 << 20


class RuleTimeout(Exception):
    """A rule took longer than it may."""


class Channel:
    """Reads and writes frames. The output of rules is redirected to standard error, so it can't corrupt frames."""

    def __init__(self):
        self.requests = os.fdopen(os.dup(0), "rb")
        self.replies = os.fdopen(os.dup(1), "wb")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)

    def receive(self):
        header = self.requests.read(4)
        if len(header) < 4:
            return None
        (length,) = struct.unpack(">I", header)
        return json.loads(self.requests.read(length))

    def send(self, message):
        body = json.dumps(message, default=str, allow_nan=False).encode()
        if len(body) > MAX_FRAME_BYTES:
            raise ValueError("the answer has %d bytes, at most %d are allowed" % (len(body), MAX_FRAME_BYTES))
        self.replies.write(struct.pack(">I", len(body)) + body)
        self.replies.flush()


class Pack:
    """The rules, loaded once."""

    def __init__(self, settings):
        import insights
        from insights.core import dr, plugins

        self.dr = dr
        config = read_config(settings.get("config"))
        plugins_section = config.get("plugins") or {}
        service = config.get("service") or {}
        for package in list(plugins_section.get("packages") or []) + list(settings.get("packages") or []):
            dr.load_components(package, continue_on_error=False)
        insights.apply_default_enabled(plugins_section)
        insights.apply_configs(plugins_section)
        self.formatter = formatter(dr, service.get("format"))
        self.rules = [rule for rule in dr.get_components_of_type(plugins.rule) or () if self.is_wanted(rule, settings)]
        self.graph = self.run_graph(service.get("target_components"), settings)
        self.order = dr.toposort_flatten(self.graph, sort=False)
        for rule in self.rules:
            limit_time(dr.get_delegate(rule), settings["rule_timeout_s"])

    def is_wanted(self, rule, settings):
        """Excludes the rules of insights-core itself, which are examples."""
        return self.dr.is_enabled(rule) and not self.dr.get_name(rule).startswith("insights.")

    def run_graph(self, target_components, settings):
        if target_components:
            targets = {self.dr.get_component(name) or name for name in target_components}
            prefixes = tuple(name for name in targets if isinstance(name, str))
            named = {component for component in targets if not isinstance(component, str)}
            matching = {rule for rule in self.rules if self.dr.get_name(rule).startswith(prefixes)} if prefixes else set()
            return self.dr.determine_components(named | matching)
        if settings.get("only_needed", True):
            return self.dr.determine_components(set(self.rules))
        return self.dr.determine_components(self.dr.COMPONENTS[self.dr.GROUPS.single])

    def files(self):
        """Returns the patterns of all files that the rules can read; None if unknown."""
        from insights.core import plugins, spec_factory

        patterns = set()
        for component in self.order:
            if isinstance(component, spec_factory.simple_file):
                patterns.add(component.path)
            elif isinstance(component, spec_factory.glob_file):
                patterns.update(component.patterns)
            elif isinstance(component, spec_factory.first_file):
                patterns.update(component.paths)
            elif isinstance(component, KNOWN_WITHOUT_FILES(spec_factory)):
                continue
            elif plugins.is_datasource(component) and not is_registry_point(component):
                return None
        if any(not is_plain(pattern) for pattern in patterns):
            return None
        return sorted(pattern.lstrip("/") for pattern in patterns)

    def run(self, folder):
        from insights.core.hydration import initialize_broker

        _, broker = initialize_broker(folder)
        output = io.StringIO()
        try:
            with self.formatter(broker, stream=output):
                self.dr.run_components(self.order, self.graph, broker=broker)
            return json.loads(output.getvalue()), self.errors(broker)
        finally:
            # Tracebacks hold the frames of the rules, and with them everything that was parsed.
            broker.tracebacks.clear()
            broker.exceptions.clear()
            broker.instances.clear()

    def errors(self, broker):
        from insights.core.exceptions import SkipComponent
        from insights.core.dr import MissingRequirements

        rules = set(self.rules)
        return [
            {"rule": self.dr.get_name(component), "error": "%s: %s" % (type(error).__name__, error)}
            for component, errors in broker.exceptions.items()
            if component in rules
            for error in errors
            if not isinstance(error, (SkipComponent, MissingRequirements))
        ]


def KNOWN_WITHOUT_FILES(spec_factory):
    """Specs that take their content from other specs."""
    return (spec_factory.head, spec_factory.first_of)


def is_registry_point(component):
    from insights.core.spec_factory import RegistryPoint

    return isinstance(component, RegistryPoint)


def is_plain(pattern):
    """Whether `*` is its only wildcard."""
    return isinstance(pattern, str) and not re.search(r"[?\[\]]|\*\*", pattern)


def read_config(path):
    if not path:
        return {}
    import yaml

    with open(path) as file:
        return resolve_variables(yaml.safe_load(file) or {})


def resolve_variables(value):
    """`${NAME}` and `${NAME:default}`, as in the configurations of ccx-messaging."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)(?::([^}]*))?\}", variable, value)
    if isinstance(value, dict):
        return {key: resolve_variables(item) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve_variables(item) for item in value]
    return value


def variable(match):
    name, default = match.groups()
    return os.environ.get(name, match.group(0) if default is None else default)


def formatter(dr, name):
    from insights.formats._json import JsonFormat

    if not name:
        return JsonFormat
    found = dr.get_component(name)
    if found is None:
        raise ImportError("the format %s of the configuration is not installed" % name)
    return found


def limit_time(delegate, seconds):
    invoke = delegate.invoke

    def limited(results):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return invoke(results)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    delegate.invoke = limited


def on_alarm(_signal, _frame):
    raise RuleTimeout("took longer than it may")


def rss_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def load(settings):
    if settings.get("max_memory_bytes"):
        limit = settings["max_memory_bytes"]
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGALRM, on_alarm)
    pack = Pack(settings)
    # What is loaded stays: it need not be walked again for each archive.
    gc.collect()
    gc.freeze()
    return pack


def handshake(pack):
    import insights

    rules = sorted(pack.dr.get_name(rule) for rule in pack.rules)
    core = insights.get_nvr()
    return {"protocol": PROTOCOL, "core": core, "rules": rules, "files": pack.files(), "rss_bytes": rss_bytes()}


def answer(channel, pack, request):
    try:
        report, errors = pack.run(request["folder"])
        channel.send({"response": {"id": request["id"], "report": report, "errors": errors, "rss_bytes": rss_bytes()}})
    except MemoryError:
        # The state of this process is undefined from now on.
        raise
    except Exception as error:
        channel.send(failed(request["id"], error))


def failed(request_id, error):
    return {"failed": {"id": request_id, "error": "%s: %s" % (type(error).__name__, error), "rss_bytes": rss_bytes()}}


def main():
    channel = Channel()
    request = channel.receive()
    if request is None:
        return
    try:
        pack = load(request["load"])
    except BaseException as error:
        channel.send(failed(None, error))
        return
    channel.send({"handshake": handshake(pack)})
    archives = 0
    while True:
        request = channel.receive()
        if request is None:
            return
        answer(channel, pack, request["run"])
        archives += 1
        if archives % ARCHIVES_PER_COLLECTION == 0:
            gc.collect()


if __name__ == "__main__":
    main()
