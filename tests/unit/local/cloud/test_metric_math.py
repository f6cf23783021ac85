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


@pytest.mark.parametrize(
    ("expression", "metrics", "expected"),
    [
        pytest.param(SUM, [[1, 2, None], [None, 3, None]], [1, 5, 0], id="the sum of each period"),
        pytest.param(SHARE, [[3600, None], [None, 28800], [450000, None]], [1, 2], id="the greatest share"),
        pytest.param("SUM(METRICS())", [[1, None], [2, None]], [3, None], id="a period that is not filled"),
        pytest.param("m1 / 2", [[1, None]], [0.5, None], id="a part of one metric"),
    ],
)
def test_an_expression_is_computed_period_by_period(expression: str, metrics: list[Series], expected: Series) -> None:
    assert computed(expression, {f"m{number}": series for number, series in enumerate(metrics, 1)}) == expected


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
