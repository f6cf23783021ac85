"""A stack whose keys are set only after it was asked for something."""

from tests.integration.conftest import Unkeyed


def test_without_a_key_a_job_waits_and_says_why(unkeyed: Unkeyed) -> None:
    assert (unkeyed.waiting["state"], unkeyed.waiting["#reason"]) == ("QUEUED", "API_KEY_UNSET")
    assert unkeyed.waiting["attempts"] == 0


def test_without_a_webhook_key_a_signed_callback_is_refused(unkeyed: Unkeyed) -> None:
    assert unkeyed.answer == 401


def test_once_the_keys_are_set_the_job_goes_on_by_itself(unkeyed: Unkeyed) -> None:
    assert unkeyed.world.ended(unkeyed.task)["state"] == "SUCCEEDED"
    assert len(unkeyed.world.charges(unkeyed.task)) == 1
