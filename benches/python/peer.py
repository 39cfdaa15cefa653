"""What insights-core's engine does with an archive: a path a line in, seconds of processor time a line out."""

import io
import resource
import sys

from insights.core import dr
from insights.core.archives import extract
from insights.core.hydration import initialize_broker
from insights.formats._json import JsonFormat


def used():
    """Of this process and of the `tar` processes that it has waited for."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    usages = [resource.getrusage(each) for each in who]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(packages):
    for package in packages:
        dr.load_components(package, continue_on_error=False)
    graph = dr.determine_components(dr.COMPONENTS[dr.GROUPS.single])
    order = dr.toposort_flatten(graph, sort=False)
    for line in sys.stdin:
        before = used()
        with extract(line.strip()) as extraction:
            _, broker = initialize_broker(extraction.tmp_dir)
            output = io.StringIO()
            with JsonFormat(broker, stream=output):
                dr.run_components(order, graph, broker=broker)
        print(used() - before, flush=True)


main(sys.argv[1:])
