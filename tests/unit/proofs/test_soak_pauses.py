"""The reading of the provider's log, on logs made by hand."""

import pytest

from proofs.soak.pauses import pauses

DOUBLING = ((100, 402), (105.1, 402), (115.2, 402), (135.3, 402), (175.4, 200), (175.5, 200))


@pytest.mark.parametrize(
    ("requests", "count", "early"),
    [
        pytest.param(DOUBLING, 4, [], id="one request after each doubled pause"),
        pytest.param((*DOUBLING, (120.0, 402)), 4, [120.0], id="a request within a pause"),
        pytest.param((*DOUBLING, (115.3, 402)), 4, [115.3], id="a second request at the end of a pause"),
        pytest.param(((100, 402), (105.1, 402), (110.2, 402)), 2, [110.2], id="a pause that does not double"),
        pytest.param(((100, 402), (100.3, 402), (103.9, 402), (105.1, 200)), 1, [], id="requests in flight"),
        pytest.param(((100, 402), (100.3, 402), (100.3, None)), 1, [], id="two at once, one without a code"),
        pytest.param(
            ((100, 402), (105.1, 402), (115.2, 200), (116, 402), (121.1, 200)), 3, [], id="a first pause again"
        ),
    ],
)
def test_requests_within_a_pause_are_found(
    requests: tuple[tuple[float, int | None], ...], count: int, early: list[float]
) -> None:
    read = pauses([{"at": at, "code": code} for at, code in requests], 5)
    assert (read.number, read.early) == (count, early)
