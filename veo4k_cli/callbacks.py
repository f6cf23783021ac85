"""The command `test-callback`: callbacks that are signed as the provider signs them, and change nothing."""

import secrets
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from veo4k.adapters.provider_kie import NO_CALLBACK
from veo4k.domain.callback import callback_path
from veo4k.domain.callback_auth import make_signature, make_token
from veo4k.domain.job import UNANSWERED, Job
from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.http import Response, send
from veo4k_cli.output import table

PANEL = "Account"
STILL_PROCESSING = {
    "code": 422,
    "msg": "4k is processing. It should be ready in 5-10 minutes. Please check back shortly.",
}
OK, UNAUTHORIZED, NOT_FOUND, UNAVAILABLE = 200, 401, 404, 503
WRONG_TOKEN = "A" * 43
WRONG_KEY = b"wrong"
UNSET_KEY = b"unset"

app = typer.Typer()


class Keys(NamedTuple):
    """The current keys of callbacks."""

    token: bytes
    webhook: bytes


class Target(NamedTuple):
    """The run that a test callback names."""

    task_id: str
    video: int
    run: int


class Attempt(NamedTuple):
    """A test callback: its description, the expected status and the response."""

    description: str
    expected: int
    response: Response

    @property
    def passed(self) -> bool:
        """Check that the stack's function responded as expected. Its body is empty, the gateway's is not."""
        return self.response.status == self.expected and self.response.is_empty


@command(
    app,
    "veo4k test-callback",
    "veo4k test-callback veo_task_abcdef123456 --run 1",
    name="test-callback",
    panel=PANEL,
)
def check_callbacks(
    session: Session,
    task_id: Annotated[
        str | None,
        typer.Argument(metavar="[TASK_ID]", help="A real job, for which one more callback says: still processing."),
    ] = None,
    run: Annotated[int | None, typer.Option("--run", min=1, help="Which run of the task. Default: the newest.")] = None,
) -> None:
    """Send signed test callbacks through the deployed API and check each response.

    They name a job that does not exist, so nothing changes. With a TASK_ID one more callback says that this job is
    still processing. It is sent for an accepted job only, so nothing changes there either.
    """
    job = None if task_id is None else _accepted_job(session, task_id, run)
    attempts = send_test_callbacks(session, job)
    passed = all(attempt.passed for attempt in attempts)
    value = {"passed": passed, "callbacks": [_value(attempt) for attempt in attempts]}
    session.out.result(value, Group(_table(attempts), "", conclusion(attempts)))
    if not passed:
        raise typer.Exit(1)


def send_test_callbacks(session: Session, job: Job | None = None) -> list[Attempt]:
    """Send a wrong token, a wrong signature, a valid callback for no job, and a valid one for `job`, if given."""
    base, keys, timestamp = _base_url(session), _keys(session), str(int(session.clock.now()))
    no_job = Target(f"veo4k_test_{secrets.token_hex(8)}", 0, 1)

    def attempt(description: str, expected: int, target: Target, *, token: str = "", key: bytes = b"") -> Attempt:
        path = callback_path(*target, token or make_token(keys.token, *target))
        headers = {
            "X-Webhook-Timestamp": timestamp,
            "X-Webhook-Signature": make_signature(key or keys.webhook, target.task_id, timestamp),
        }
        payload = STILL_PROCESSING | {"data": {"taskId": target.task_id}}
        return Attempt(description, expected, send("POST", base + path, json=payload, headers=headers))

    unsigned = keys.webhook == UNSET_KEY  # then no signature is checked, and the missing job decides
    attempts = [
        attempt("wrong token", NOT_FOUND, no_job, token=WRONG_TOKEN),
        attempt("wrong signature", NOT_FOUND if unsigned else UNAUTHORIZED, no_job, key=WRONG_KEY),
        attempt("signed, for a job that does not exist", NOT_FOUND, no_job),
    ]
    if job is not None:
        target = Target(job.task_id, job.index, job.run)
        attempts.append(attempt(f"signed, for {job.job_id}: still processing", OK, target))
    return attempts


def _base_url(session: Session) -> str:
    base = session.stack.output("CallbackBaseUrl")
    if base == NO_CALLBACK:
        raise OperatorError("The stack requests no callbacks (CallbackBaseUrl is none), so there is none to test.")
    return base


def _keys(session: Session) -> Keys:
    """Return the keys in use. Only where the signature is optional may the webhook key be unset."""
    token, webhook = session.secret("TokenKeySecretName").in_use(), session.secret("WebhookKeySecretName").in_use()
    if not token:
        raise OperatorError("The stack has no token key. Run veo4k rotate token.")
    if not webhook and session.stack.parameter("CallbackSignature", "required") == "required":
        raise OperatorError("The stack has no webhook key and refuses every callback. Run veo4k rotate webhook.")
    return Keys(token[0], webhook[0] if webhook else UNSET_KEY)


def _accepted_job(session: Session, task_id: str, run: int | None) -> Job:
    """Return a job that "still processing" cannot change. Raise OperatorError for any other."""
    job = next((job for job in reversed(session.jobs().runs(task_id)) if run in (None, job.run)), None)
    if job is None:
        raise OperatorError(f"There is no such job of {task_id}. veo4k list shows all jobs.")
    if job.state in UNANSWERED:
        raise OperatorError(f"{job.job_id} is {job.state}. A callback would count as its acceptance, so none was sent.")
    return job


_CONCLUSIONS: tuple[tuple[Callable[[list[Attempt]], bool], str], ...] = (
    (
        lambda attempts: all(attempt.passed for attempt in attempts),
        "Callbacks arrive, and the function has the stack's keys.",
    ),
    (
        lambda attempts: any(attempt.response.status == UNAVAILABLE for attempt in attempts),
        "The function could not reach its keys or the table. Read its logs.",
    ),
    (
        lambda attempts: not any(attempt.response.is_empty for attempt in attempts),
        "None of these responses is the function's. CallbackBaseUrl does not lead to this stack's API.",
    ),
    (
        lambda attempts: attempts[1].response.status == NOT_FOUND,
        "The function rejects the token, because it has another token key. Wait 30 s, then try again.",
    ),
    (
        lambda attempts: attempts[2].response.status == UNAUTHORIZED,
        "The function rejects the signature: another webhook key (wait 30 s), or a clock is off by five minutes.",
    ),
)


def conclusion(attempts: list[Attempt]) -> str:
    """Return what the responses to the test callbacks mean."""
    known = (text for is_case, text in _CONCLUSIONS if is_case(attempts))
    return next(known, "The responses are not as expected. Read the logs of the function callback.")


def _value(attempt: Attempt) -> dict[str, Any]:
    return {
        "callback": attempt.description,
        "expected": attempt.expected,
        "status": attempt.response.status,
        "passed": attempt.passed,
    }


def _table(attempts: list[Attempt]) -> RenderableType:
    result = table("", "callback", ">expected", ">response")
    for attempt in attempts:
        mark = Text("✓", "good") if attempt.passed else Text("✗", "bad")
        result.add_row(mark, attempt.description, str(attempt.expected), str(attempt.response.status))
    return result
