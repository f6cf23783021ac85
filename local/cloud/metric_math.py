"""CloudWatch's metric math and alarm states, as far as the template's alarms use them, for the emulator.

Sources: Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics" and "Alarm evaluation". A series
has one value for each period, None where the period has no data point.
"""

import ast
from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any

Series = list[float | None]
Array = tuple[Series, ...]

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": gt,
    "GreaterThanOrEqualToThreshold": ge,
    "LessThanThreshold": lt,
    "LessThanOrEqualToThreshold": le,
}
COMBINATIONS: Mapping[str, Callable[[list[float]], float]] = {"SUM": sum, "MAX": max}


def computed(expression: str, metrics: Mapping[str, Series]) -> Series:
    """Return the series of an expression over metrics, which it names by their ids.

    Raise ValueError where the expression is not a series or uses anything but FILL, SUM, MAX, METRICS and `/`.
    """
    return _series(ast.parse(expression, mode="eval").body, metrics)


def state(alarm: Mapping[str, Any], series: Series) -> str:
    """Return the state of an alarm for the values of its evaluation periods."""
    treatment = alarm.get("TreatMissingData", "missing")
    present = [value for value in series if value is not None]
    if not present and treatment in ("missing", "ignore"):
        return str(alarm["StateValue"]) if treatment == "ignore" else "INSUFFICIENT_DATA"
    breaches = COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(breaches(value, alarm["Threshold"]) for value in present)
    missing = (len(series) - len(present)) * (treatment == "breaching")
    needed = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
    return "ALARM" if breaching + missing >= needed else "OK"


def _value(node: ast.expr, metrics: Mapping[str, Series]) -> Series | Array:
    match node:
        case ast.Name(id=name) if name in metrics:
            return metrics[name]
        case ast.List(elts=members):
            return tuple(_series(member, metrics) for member in members)
        case ast.Call(func=ast.Name(id="METRICS"), args=[]):
            return tuple(metrics.values())
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, ast.Constant(value=int(filler))]):
            return _filled(_value(filled, metrics), filler)
        case ast.Call(func=ast.Name(id="SUM" | "MAX" as name), args=[array]):
            return _combined(COMBINATIONS[name], _value(array, metrics))
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=int(divisor))):
            return [None if value is None else value / divisor for value in _series(left, metrics)]
    raise ValueError(f"metric math that is not known here: {ast.unparse(node)}")


def _series(node: ast.expr, metrics: Mapping[str, Series]) -> Series:
    value = _value(node, metrics)
    if isinstance(value, tuple):
        raise ValueError(f"{ast.unparse(node)} is not one series")  # noqa: TRY004  the expression's fault, not a type's
    return value


def _filled(value: Series | Array, filler: float) -> Series | Array:
    if isinstance(value, tuple):
        return tuple([filler if each is None else each for each in series] for series in value)
    return [filler if each is None else each for each in value]


def _combined(how: Callable[[list[float]], float], value: Series | Array) -> Series:
    """Return the series that combines an array's series period by period, of those that have a value there."""
    if isinstance(value, list):
        raise ValueError("SUM and MAX of one series are numbers, which no alarm can have")  # noqa: TRY004
    periods = ([each for each in period if each is not None] for period in zip(*value, strict=True))
    return [how(present) if present else None for present in periods]
