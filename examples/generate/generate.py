"""Start a generation, or extend one; its videos come in 4K automatically. Standard library only.

    export KIE_API_KEY=…  VEO4K_HOOK="$(veo4k hook --tag project=atlas)"
    python generate.py "A lighthouse at dawn"
    python generate.py "The light goes on" --extend TASK_ID

It prints the id of the new task. Nothing else is to be done: the provider calls the stack when the videos are finished.
"""

import argparse
import json
import os
import sys
import urllib.request

API = os.environ.get("KIE_BASE_URL", "https://api.kie.ai") + "/api/v1/veo/"


def start(prompt: str, extended: str | None) -> str:
    """Send the request. Return the id of the new task."""
    fields = {"prompt": prompt, "callBackUrl": os.environ["VEO4K_HOOK"]}
    fields |= {"taskId": extended} if extended else {"model": "veo3_fast"}
    request = urllib.request.Request(  # noqa: S310  the URL is the operator's own
        API + ("extend" if extended else "generate"),
        json.dumps(fields).encode(),
        {
            "Authorization": f"Bearer {os.environ['KIE_API_KEY']}",
            "Content-Type": "application/json",
            "User-Agent": "veo4k-example",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        answer = json.load(response)
    if answer["code"] != 200:  # errors come as HTTP 200 too
        sys.exit(f"The provider answered {answer['code']}: {answer.get('msg')}")
    return str(answer["data"]["taskId"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("prompt")
    parser.add_argument("--extend", metavar="TASK_ID", help="the generation that the new video continues")
    arguments = parser.parse_args()
    print(start(arguments.prompt, arguments.extend))
