"""CloudWatch's metric math and alarm states, as the emulator evaluates them."""

from typing import Any

import pytest

from local.cloud.metric_math import Series, computed, state

SUM = "SUM(FILL(METRICS(), 0))"
SHARE = "MAX([FILL(m1, 0) / 3600, FILL(m2, 0) / 14400, FILL(m3, 0) / 900000])"
ALARM = {
    "StateValue": "OK",
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 0.0,
    "EvaluationPeriods": 3,
    "TreatMissingData": "notBreaching",
}


def test_a_sum_adds_up_the_metrics_of_each_period() -> None:
    assert computed(SUM, {"m1": [1.0, 2.0, None], "m2": [None, 3.0, None]}) == [1, 5, 0]


def test_a_maximum_is_the_greatest_share_in_each_period() -> None:
    metrics: dict[str, Series] = {"m1": [3600.0, None], "m2": [None, 28800.0], "m3": [450000.0, None]}
    assert computed(SHARE, metrics) == [1, 2]


def test_a_period_without_points_stays_empty_unless_filled() -> None:
    assert computed("SUM(METRICS())", {"m1": [1.0, None], "m2": [2.0, None]}) == [3, None]
    assert computed("m1 / 2", {"m1": [1.0, None]}) == [0.5, None]


@pytest.mark.parametrize(
    "expression", ["METRICS()", "SUM(m1)", "m9", "AVG(METRICS())", "m1 + 1", "[m1]", "MAX([METRICS()])"]
)
def test_an_unknown_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        computed(expression, {"m1": [1.0]})


@pytest.mark.parametrize(
    ("changes", "series", "expected"),
    [
        ({}, [1.0, 1.0, 1.0], "ALARM"),
        ({}, [1.0, 1.0, 0.0], "OK"),
        ({}, [1.0, 1.0, None], "OK"),
        ({"DatapointsToAlarm": 2}, [1.0, None, 1.0], "ALARM"),
        ({"TreatMissingData": "breaching"}, [1.0, None, 1.0], "ALARM"),
        ({"TreatMissingData": "breaching"}, [None, None, None], "ALARM"),
        ({"TreatMissingData": "notBreaching", "StateValue": "ALARM"}, [None, None, None], "OK"),
        ({"TreatMissingData": "ignore", "StateValue": "ALARM"}, [None, None, None], "ALARM"),
        ({"TreatMissingData": "missing"}, [None, None, None], "INSUFFICIENT_DATA"),
        ({"ComparisonOperator": "LessThanThreshold"}, [-1.0, -1.0, -1.0], "ALARM"),
        ({"ComparisonOperator": "LessThanThreshold"}, [-1.0, 0.0, -1.0], "OK"),
    ],
)
def test_an_alarm_counts_the_periods_beyond_its_threshold(
    changes: dict[str, Any], series: Series, expected: str
) -> None:
    assert state(ALARM | changes, series) == expected
