"""A stack that gets its keys after its first job. Afterwards it keeps the provider's true rate limit."""

from proofs.burst import burst
from tests.integration.conftest import Keyless


def test_without_an_api_key_a_job_waits_and_says_why(keyless: Keyless) -> None:
    assert (keyless.waiting["state"], keyless.waiting["#reason"]) == ("QUEUED", "API_KEY_UNSET")
    assert keyless.waiting["attempts"] == 0


def test_without_a_webhook_key_a_signed_callback_is_refused(keyless: Keyless) -> None:
    assert keyless.callback_status == 401


def test_with_its_keys_the_stack_continues_the_job(keyless: Keyless) -> None:
    assert keyless.env.ended(keyless.task)["state"] == "SUCCEEDED"
    assert len(keyless.env.charges(keyless.task)) == 1


def test_thirty_messages_at_once_are_done_within_the_rate_limit(keyless: Keyless) -> None:
    """No job is lost or charged twice, no request is refused, no window has more than 20 requests."""
    keyless.env.ended(keyless.task)
    figures = burst(keyless.env, 30, "burst")
    assert figures.passed(), figures
    assert keyless.env.simulator.stats()["densestPosts"] > 10  # else the limit was never near
