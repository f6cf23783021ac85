"""A page that requests a 4K video over the HTTP API of a veo4k stack and shows the result. Standard library only.

Set VEO4K_URL (output JobsApiUrl) and VEO4K_TOKEN (secret JobsApiTokenSecretName), run it, open http://127.0.0.1:8000.
The token stays in this server. Put users of your own in front before others can reach it: each job costs credits.
"""

import json
import os
import urllib.error
import urllib.request
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

PORT = int(os.environ.get("PORT", "8000"))
FORM = '<form method="post"><input name="task" placeholder="task id" required> <button>Make 4K</button></form>'


def veo4k(method: str, path: str, body: object = None) -> dict[str, Any]:
    """Send a request to the HTTP API. Return its JSON, an error's too."""
    data = None if body is None else json.dumps(body).encode()
    fields = {"Authorization": f"Bearer {os.environ['VEO4K_TOKEN']}", "Content-Type": "application/json"}
    request = urllib.request.Request(os.environ["VEO4K_URL"] + path, data, fields, method=method)  # noqa: S310
    try:
        return dict(json.load(urllib.request.urlopen(request, timeout=30)))  # noqa: S310  the operator's own URL
    except urllib.error.HTTPError as error:  # 404: the job is still on the queue
        return dict(json.load(error))


def shown(task: str) -> str:
    """Return the newest job of a task as HTML, which loads itself again until the job has ended."""
    answer = veo4k("GET", f"/jobs/{quote(task, safe='')}")
    if "runs" not in answer and answer.get("error", {}).get("code") != "NOT_FOUND":
        return escape(json.dumps(answer))
    job = answer.get("runs", [{"state": "on the queue"}])[0]
    if url := job.get("downloadUrl"):
        return f'<video controls width="960" src="{escape(url)}"></video>'
    reload = "" if "finishedAt" in job else f'<meta http-equiv="refresh" content="5;url=?task={quote(task)}">'
    return f"<p>{escape(job['state'])} {escape(job.get('error', {}).get('message', ''))}</p>{reload}"


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        [task] = parse_qs(urlsplit(self.path).query).get("task", [""])
        self.reply(200, FORM + (shown(task) if task else ""))

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self.headers.get("Origin") != f"http://127.0.0.1:{PORT}":
            return self.reply(403, "Only the form of this page may spend credits.")
        answer = veo4k("POST", "/jobs", {"taskId": form["task"][0].strip()})
        return self.reply(200, shown(answer["taskId"]) if "taskId" in answer else escape(json.dumps(answer)))

    def reply(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Page).serve_forever()
