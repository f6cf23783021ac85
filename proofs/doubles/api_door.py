"""The HTTP API over doubles, as its callers and its handler know it."""

import json
from typing import Any

from proofs.doubles.faults import FaultInjector
from proofs.doubles.job_sender_memory import MemoryJobSender
from proofs.doubles.stage import TASK, Stage
from proofs.doubles.time_manual import NOON
from proofs.table.rows import put
from veo4k.domain.job import Archived, Job, State
from veo4k.services.api import Call, JobsApi, Reply

TOKEN, FORMER = "the-token-in-use", "the-former-token"
URL = "https://jobs.example/v1"
QUEUED = Job(task_id=TASK, run=1, index=0, state=State.QUEUED, created_at=NOON, requests_sent=0, wait_reason="WHY")
FILE = Archived("videos", f"videos/{TASK}/0/1.mp4", 1, "0" * 64, 3840, 2160)


class MemoryLinks:
    """Signs links that name the key and their life."""

    bucket = "videos"

    def sign(self, key: str, seconds: int) -> str:
        return f"https://videos.example/{key}?for={seconds}"


class Door(Stage):
    """The API, and a table of these rows."""

    def __init__(self, *rows: Job) -> None:
        super().__init__()
        self.sender, self.keys = MemoryJobSender(), [TOKEN.encode(), FORMER.encode()]
        for row in rows:
            put(self.jobs, row, TASK)
        self.faulty_sender = FaultInjector(self.sender)
        self.api = self.made(
            JobsApi, job_sender=self.faulty_sender, links=MemoryLinks(), tokens=lambda: self.keys, url=URL
        )

    def submit(self, body: Any, token: str = f"Bearer {TOKEN}", *, is_base64: bool = False) -> Reply:
        text = body if isinstance(body, str) else json.dumps(body)
        return self.api.submit(Call(token, text, is_base64))

    def read(self, task_id: str = TASK, token: str = f"Bearer {TOKEN}") -> Reply:
        return self.api.read(Call(token), task_id)

    def cancel(self, run: str = "1", task_id: str = TASK) -> Reply:
        return self.api.cancel(Call(f"Bearer {TOKEN}"), task_id, run)
