"""`make invoke-submit` and the like: send a function of the running local cloud its sample event."""

import argparse
import json
import sys

from local.cloud.connection_file import current
from local.cloud.local_cloud import InvocationError
from local.paths import ROOT

EVENTS = {
    "submit": "sqs_submit",
    "callback": "http_callback",
    "sweep": "schedule_sweep",
    "publish": "stream_publish",
    "archive": "sqs_archive",
    "api": "http_api",
}


def main() -> None:
    """Invoke one function and print its response."""
    parser = argparse.ArgumentParser(usage="make invoke-FUNCTION", description=__doc__)
    parser.add_argument("function", choices=EVENTS)
    name = parser.parse_args().function
    event = json.loads((ROOT / f"events/{EVENTS[name]}.json").read_text())
    try:
        cloud = current().cloud()
        response = cloud.invoke_by_name(cloud.function_name(name), event)
    except InvocationError as error:
        sys.exit(str(error))
    print(json.dumps(response, indent=2))


if __name__ == "__main__":
    main()
