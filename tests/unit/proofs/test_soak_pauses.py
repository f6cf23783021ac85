"""The reading of the provider's log, on logs made by hand."""

from proofs.soak.pauses import pauses


def log(*heard: tuple[float, int]) -> list[dict[str, float]]:
    return [{"at": at, "code": code} for at, code in heard]


DOUBLING = log((100, 402), (102.1, 402), (106.2, 402), (114.3, 402), (130.4, 200), (130.5, 200))


def test_one_request_after_each_doubled_pause_is_right() -> None:
    read = pauses(DOUBLING, 2)
    assert (read.count, read.early) == (4, [])


def test_a_request_within_a_pause_is_seen() -> None:
    assert pauses([*DOUBLING, *log((110.0, 402))], 2).early == [110.0]


def test_a_second_request_at_the_end_of_a_pause_is_seen() -> None:
    assert pauses([*DOUBLING, *log((106.3, 402))], 2).early == [106.3]


def test_a_pause_that_does_not_double_is_seen() -> None:
    assert pauses(log((100, 402), (102.1, 402), (104.2, 402)), 2).early == [104.2]


def test_requests_that_held_a_slot_when_the_gate_was_shut_may_still_arrive() -> None:
    read = pauses(log((100, 402), (100.3, 402), (100.9, 402), (102.1, 200)), 2)
    assert (read.count, read.early) == (1, [])


def test_an_open_gate_pauses_anew_from_the_first_length() -> None:
    read = pauses(log((100, 402), (102.1, 402), (106.2, 200), (107, 402), (109.1, 200)), 2)
    assert (read.count, read.early) == (3, [])
