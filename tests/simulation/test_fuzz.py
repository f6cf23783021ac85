"""A small part of what `python -m proofs.fuzz` does in bulk."""

from proofs.fuzz.__main__ import fuzz_callbacks, fuzz_generations, fuzz_messages, fuzz_responses
from veo4k.domain.response import Meaning


def test_no_callback_raises_or_changes_anything_without_both_keys() -> None:
    seen = fuzz_callbacks(5000)
    assert set(seen) == {"changed", *(f"answered {status}" for status in (200, 400, 401, 404, 413, 503))}
    assert seen["changed"] > 100


def test_every_response_has_a_meaning_and_nonsense_has_none() -> None:
    assert set(fuzz_responses(2000)) >= set(Meaning) - {Meaning.NOT_SENT}


def test_every_message_is_valid_or_refused_with_a_reason() -> None:
    seen = fuzz_messages(5000)
    assert sum(seen.values()) == 5000
    assert min(seen.values()) > 100


def test_no_generation_raises_or_sends_anything_without_both_keys() -> None:
    seen = fuzz_generations(5000)
    assert set(seen) == {"sent", *(f"answered {status}" for status in (200, 400, 401, 404, 413, 503))}
    assert seen["sent"] > 100
