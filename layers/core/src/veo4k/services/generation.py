"""Handle the callback of a generation: every check in its order, then one queue message for each of its videos.

path and token → 404 · size → 413 · no webhook key → 503 · timestamp and signature → 401 · JSON shape → 400 ·
a result → 200 if the queue took every message, else 503, so that the provider tries again · no result → 200.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from veo4k.domain.callback import TOKEN
from veo4k.domain.callback_auth import Keys, verify_generated_token, verify_signature
from veo4k.domain.errors import InvalidBodyError
from veo4k.domain.generation import Generation, messages_of, parse_signed, parse_tags, read_generation
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import JobSender
from veo4k.services.signed_request import Answer, RejectedError, Request, answered, body_of, timestamp_and_signature


@dataclass(frozen=True, slots=True)
class GenerationHandler:
    """Handles callbacks of generations. Each must carry a valid signature, also where it is optional for 4K versions.

    The keys in use are read for every callback. Reading them raises StorageError.
    """

    job_sender: JobSender
    token_keys: Callable[[], Keys]
    webhook_keys: Callable[[], Keys]

    def handle(self, request: Request, now: float) -> Answer:
        """Handle one callback. Return the HTTP status, and what happened."""
        return answered(lambda: self._handle(request, now))

    def _handle(self, request: Request, now: float) -> Answer:
        self._check_path(request)
        return HTTPStatus.OK, self._request_jobs(self._authenticated(request, now), request.query)

    def _check_path(self, request: Request) -> None:
        [token] = request.parts
        if not TOKEN.fullmatch(token):
            raise RejectedError(HTTPStatus.NOT_FOUND, "path")
        if not verify_generated_token(self.token_keys(), token):
            raise RejectedError(HTTPStatus.NOT_FOUND, "token")

    def _authenticated(self, request: Request, now: float) -> Generation:
        body = body_of(request)
        if not (keys := self.webhook_keys()):
            raise RejectedError(HTTPStatus.SERVICE_UNAVAILABLE, "webhook key", LogEvent.WEBHOOK_KEY_UNSET)
        timestamp, signature = timestamp_and_signature(request, now)
        try:
            task_id, envelope = parse_signed(body)
        except InvalidBodyError:
            # No id, so nothing that could be signed.
            raise RejectedError(HTTPStatus.UNAUTHORIZED, "signature") from None
        if not verify_signature(keys, task_id, timestamp, signature):
            raise RejectedError(HTTPStatus.UNAUTHORIZED, "signature")
        try:
            return read_generation(task_id, envelope)
        except InvalidBodyError as error:
            raise RejectedError(HTTPStatus.BAD_REQUEST, str(error)) from None

    def _request_jobs(self, generation: Generation, query: str) -> list[LogEntry]:
        task_id = generation.task_id
        if not generation.videos:
            return [LogEntry(LogEvent.GENERATION_WITHOUT_RESULT, None, {"taskId": task_id, "code": generation.code})]
        tags, dropped = parse_tags(query)
        self.job_sender.send_jobs(messages_of(generation, tags))
        entries = [
            LogEntry(LogEvent.GENERATION_RECEIVED, None, {"taskId": task_id, "videos": generation.videos}),
            LogEntry(LogEvent.TAGS_DROPPED, None, {"taskId": task_id, "tags": dropped}),
        ]
        return entries if dropped else entries[:1]
