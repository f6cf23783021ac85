"""`make invoke-submit` and its like: give a function of the running local cloud its sample event, show its answer."""

import argparse
import json

from local.cloud import aws
from local.cloud.connection_file import current
from local.paths import ROOT

EVENTS = {
    "submit": "sqs_submit",
    "callback": "http_callback",
    "sweep": "schedule_sweep",
    "publish": "stream_publish",
    "archive": "sqs_archive",
}


def main() -> None:
    """Invoke one function."""
    parser = argparse.ArgumentParser(usage="make invoke-FUNCTION", description=__doc__)
    parser.add_argument("function", choices=EVENTS)
    name = parser.parse_args().function
    cloud = current()
    answer = aws.client(cloud.endpoint, "lambda").invoke(
        FunctionName=cloud.outputs[f"{name.capitalize()}FunctionName"],
        Payload=(ROOT / f"events/{EVENTS[name]}.json").read_bytes(),
    )
    print(json.dumps(json.loads(answer["Payload"].read()), indent=2))


if __name__ == "__main__":
    main()
