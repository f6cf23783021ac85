"""`make submit TASK_ID=... [INDEX=0]`: ask the running local cloud for a video."""

import argparse

from local.cloud import aws
from local.cloud.connection_file import current
from local.cloud.messages import send


def main() -> None:
    """Put one message on the job queue."""
    parser = argparse.ArgumentParser(usage="make submit TASK_ID=... [INDEX=0]", description=__doc__)
    parser.add_argument("task_id", metavar="TASK_ID", help="task of the finished Veo 3.1 video")
    parser.add_argument("index", metavar="INDEX", type=int, nargs="?", default=0, help="which of its videos")
    given = parser.parse_args()
    cloud = current()
    message = {"taskId": given.task_id, "index": given.index}
    send(aws.client(cloud.endpoint, "sqs"), cloud.outputs["JobQueueUrl"], [message])
    print(f"Asked for {given.task_id}, video {given.index}, at {cloud.provider}. See it with: make jobs")


if __name__ == "__main__":
    main()
