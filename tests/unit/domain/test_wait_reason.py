import pytest

from veo4k.domain.wait_reason import WaitReason, explain


@pytest.mark.parametrize("reason", WaitReason)
def test_every_reason_is_explained_by_a_sentence(reason: WaitReason) -> None:
    assert explain(reason.value) == reason.explanation
    assert reason.explanation.endswith(".")


@pytest.mark.parametrize(
    ("stored", "explanation"),
    [
        ("PATH_GONE: set the stack's ProviderContract to jobs", WaitReason.PATH_GONE.explanation),
        *((text, "") for text in ("ConnectTimeout", "GetSecretValue: AccessDenied", "")),
    ],
)
def test_advice_behind_a_reason_is_passed_over_and_an_error_not_explained(stored: str, explanation: str) -> None:
    assert explain(stored) == explanation
