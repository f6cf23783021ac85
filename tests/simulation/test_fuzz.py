"""A small part of what `python -m tests.simulation.fuzz` does in bulk."""

from tests.simulation.fuzz import fuzz_answers, fuzz_callbacks, fuzz_messages


def test_no_callback_raises_or_changes_anything_without_both_keys() -> None:
    seen = fuzz_callbacks(5000)
    assert seen["changed"] > 100
    assert seen["refused"] > 1000


def test_every_answer_of_the_provider_has_a_meaning() -> None:
    assert set(fuzz_answers(5000)) >= {"done", "working", "lost", "shut"}


def test_every_message_is_valid_or_refused() -> None:
    seen = fuzz_messages(5000)
    assert min(seen.values()) > 100
