"""`make submit TASK_ID=... [INDEX=0]`: send a job to the running local cloud."""

import argparse

from local.cloud.connection_file import current


def main() -> None:
    """Send one message to the job queue."""
    parser = argparse.ArgumentParser(usage="make submit TASK_ID=... [INDEX=0]", description=__doc__)
    parser.add_argument("task_id", metavar="TASK_ID", help="id of a Veo 3.1 generation")
    parser.add_argument("index", metavar="INDEX", type=int, nargs="?", default=0, help="index of the video in its task")
    arguments = parser.parse_args()
    connection = current()
    connection.cloud().send({"taskId": arguments.task_id, "index": arguments.index})
    print(f"Sent: {arguments.task_id}, video {arguments.index}, for {connection.provider}. See it with: make jobs")


if __name__ == "__main__":
    main()
