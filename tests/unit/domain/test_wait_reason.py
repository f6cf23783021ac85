import pytest

from veo4k.domain.wait_reason import WaitReason, explain


@pytest.mark.parametrize("reason", WaitReason)
def test_every_reason_is_explained_by_a_sentence(reason: WaitReason) -> None:
    assert explain(reason.value) == reason.explanation
    assert reason.explanation.endswith(".")


def test_the_advice_in_rows_of_the_released_version_is_passed_over() -> None:
    stored = "PATH_GONE: set the stack's ProviderContract to jobs"

    assert explain(stored) == WaitReason.PATH_GONE.explanation


@pytest.mark.parametrize("text", ["ConnectTimeout", "GetSecretValue: AccessDenied", ""])
def test_the_text_of_an_error_has_no_explanation(text: str) -> None:
    assert explain(text) == ""
