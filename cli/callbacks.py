"""Test callbacks: signed like the provider's, sent through the deployed API, harmless."""

import secrets as random
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Group
from rich.text import Text

from cli.command import Session, command
from cli.errors import OperatorError
from cli.output import table
from cli.web import Heard, ask
from veo4k.adapters.provider_kie import NO_CALLBACK
from veo4k.domain.callback import callback_path
from veo4k.domain.callback_auth import make_signature, make_token
from veo4k.domain.job import UNANSWERED, Job

PANEL = "Account"
NEWS = {"code": 422, "msg": "4k is processing. It should be ready in 5-10 minutes. Please check back shortly."}
OK, UNAUTHORIZED, NOT_FOUND, UNAVAILABLE = 200, 401, 404, 503
TOKEN_LENGTH = 43

app = typer.Typer()


class Keys(NamedTuple):
    """The keys a callback needs; `webhook` is empty where it is unset."""

    token: bytes
    webhook: bytes


class Target(NamedTuple):
    """The run that a test callback names."""

    task_id: str
    video: int
    run: int


class Try(NamedTuple):
    """A test callback: what it was, what was expected, what came."""

    what: str
    expected: int
    came: Heard

    @property
    def right(self) -> bool:
        """Whether our own function gave the expected answer: its body is empty, the gateway's is not."""
        return self.came.status == self.expected and self.came.empty


@command(
    app,
    "veo4k test-callback",
    "veo4k test-callback veo_task_abcdef123456 --run 1",
    name="test-callback",
    panel=PANEL,
)
def check(
    session: Session,
    task_id: Annotated[
        str | None, typer.Argument(metavar="[TASK_ID]", help="A real job, which is told that it is being processed.")
    ] = None,
    run: Annotated[int | None, typer.Option("--run", min=1, help="Which run of it; the newest if not given.")] = None,
) -> None:
    """Send signed test callbacks through the deployed API, and see whether each is answered as it must be.

    They name a job that does not exist, so nothing changes. With a TASK_ID one more names that job and says that the
    provider is working on it: no news for a job that was accepted, so nothing changes there either.
    """
    job = None if task_id is None else _accepted(session, task_id, run)
    tries = send_tries(session, job)
    right = all(attempt.right for attempt in tries)
    session.out.answer(
        {"right": right, "callbacks": [_value(attempt) for attempt in tries]}, Group(_table(tries), "", verdict(tries))
    )
    if not right:
        raise typer.Exit(1)


def send_tries(session: Session, job: Job | None = None) -> list[Try]:
    """Send a wrong token, a wrong signature, a true callback for no job and, where a job is given, one for it."""
    base, keys = _base(session), _keys(session)
    nobody, at = Target(f"veo4k_test_{random.token_hex(8)}", 0, 1), str(int(session.clock.now()))
    optional = session.stack.parameter("CallbackSignature") == "optional" and not keys.webhook
    unsigned = {401: NOT_FOUND} if optional else {}
    token = make_token(keys.token, *nobody)
    sent: list[tuple[str, int, Target, str, str]] = [
        ("wrong token", NOT_FOUND, nobody, "A" * TOKEN_LENGTH, _signature(keys.webhook, nobody, at)),
        ("wrong signature", unsigned.get(401, UNAUTHORIZED), nobody, token, _signature(b"wrong", nobody, at)),
        ("signed, for a job that does not exist", NOT_FOUND, nobody, token, _signature(keys.webhook, nobody, at)),
    ]
    if job is not None:
        named = Target(job.task_id, job.index, job.run)
        words = f"signed, for {job.job_id}: still processing"
        sent.append((words, OK, named, make_token(keys.token, *named), _signature(keys.webhook, named, at)))
    return [
        Try(what, expected, _post(base + callback_path(*target, told), target, at, signature))
        for what, expected, target, told, signature in sent
    ]


def _signature(key: bytes, target: Target, at: str) -> str:
    return make_signature(key, target.task_id, at)


def _post(url: str, target: Target, at: str, signature: str) -> Heard:
    headers = {"X-Webhook-Timestamp": at, "X-Webhook-Signature": signature}
    return ask("POST", url, json=NEWS | {"data": {"taskId": target.task_id}}, headers=headers)


def _base(session: Session) -> str:
    base = session.stack.output("CallbackBaseUrl")
    if base == NO_CALLBACK:
        raise OperatorError("the stack asks for no callbacks (CallbackBaseUrl is none): there is nothing to test")
    return base


def _keys(session: Session) -> Keys:
    token, webhook = session.secret("TokenKeySecretName").in_use(), session.secret("WebhookKeySecretName").in_use()
    if not token:
        raise OperatorError("the stack has no token key: veo4k rotate token")
    if not webhook and session.stack.parameter("CallbackSignature", "required") == "required":
        raise OperatorError("the stack has no webhook key, so every callback is refused: veo4k rotate webhook")
    return Keys(token[0], webhook[0] if webhook else b"unset")


def _accepted(session: Session, task_id: str, run: int | None) -> Job:
    """Give the job, if news of its being processed cannot change it: rank never falls."""
    job = next((job for job in reversed(session.jobs().runs(task_id)) if run in (None, job.run)), None)
    if job is None:
        raise OperatorError(f"there is no such job of {task_id}: veo4k list")
    if job.state in UNANSWERED:
        raise OperatorError(f"{job.job_id} is {job.state}: a callback would count as its acceptance, so none is sent")
    return job


_VERDICTS: tuple[tuple[Callable[[list[Try]], bool], str], ...] = (
    (lambda tries: all(attempt.right for attempt in tries), "Callbacks arrive, and both keys are the function's own."),
    (
        lambda tries: any(attempt.came.status == UNAVAILABLE for attempt in tries),
        "The function could not reach its keys or the table: look at its logs.",
    ),
    (
        lambda tries: not any(attempt.came.empty for attempt in tries),
        "None of these answers is the function's: CallbackBaseUrl does not lead to this stack's API.",
    ),
    (
        lambda tries: tries[1].came.status == NOT_FOUND,
        "The function does not believe the token: it holds another token key. Wait 30 s, then try again.",
    ),
    (
        lambda tries: tries[2].came.status == UNAUTHORIZED,
        "The function does not believe the signature: another webhook key (wait 30 s), or a clock off by five minutes.",
    ),
)


def verdict(tries: list[Try]) -> str:
    """Say what the answers mean."""
    return next((text for holds, text in _VERDICTS if holds(tries)), "Not as expected: look at the callback's logs.")


def _value(attempt: Try) -> dict[str, Any]:
    return {"what": attempt.what, "expected": attempt.expected, "status": attempt.came.status, "right": attempt.right}


def _table(tries: list[Try]) -> Any:
    made = table("", "callback", ">expected", ">answered")
    for attempt in tries:
        mark = Text("✓", "good") if attempt.right else Text("✗", "bad")
        made.add_row(mark, attempt.what, str(attempt.expected), str(attempt.came.status))
    return made
