"""The reading of the provider's log, on logs made by hand."""

import pytest

from proofs.soak.pauses import pauses

DOUBLING = ((100, 402), (102.1, 402), (106.2, 402), (114.3, 402), (130.4, 200), (130.5, 200))


@pytest.mark.parametrize(
    ("requests", "count", "early"),
    [
        pytest.param(DOUBLING, 4, [], id="one request after each doubled pause"),
        pytest.param((*DOUBLING, (110.0, 402)), 4, [110.0], id="a request within a pause"),
        pytest.param((*DOUBLING, (106.3, 402)), 4, [106.3], id="a second request at the end of a pause"),
        pytest.param(((100, 402), (102.1, 402), (104.2, 402)), 2, [104.2], id="a pause that does not double"),
        pytest.param(((100, 402), (100.3, 402), (100.9, 402), (102.1, 200)), 1, [], id="requests in flight"),
        pytest.param(((100, 402), (100.3, 402), (100.3, None)), 1, [], id="two at once, one without a code"),
        pytest.param(
            ((100, 402), (102.1, 402), (106.2, 200), (107, 402), (109.1, 200)), 3, [], id="a first pause again"
        ),
    ],
)
def test_requests_within_a_pause_are_found(
    requests: tuple[tuple[float, int | None], ...], count: int, early: list[float]
) -> None:
    read = pauses([{"at": at, "code": code} for at, code in requests], 2)
    assert (read.number, read.early) == (count, early)
