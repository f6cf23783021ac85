"""Draws the stack's dashboard: the template's widgets with metrics and log lines of the local cloud.

    python -m docs_pictures.dashboard docs/dashboard.svg

A minute of CloudWatch is a second here. Metrics that only AWS counts (queues, functions, the table) stay empty.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from docs_pictures.dashboard_recording import Recording, record
from local.paths import ROOT

UNIT_X, UNIT_Y = 50, 38  # pixels of one cell of the dashboard's grid
LEGEND_WIDTH = 145
COLORS = ("#2563eb", "#ea580c", "#16a34a", "#dc2626", "#7c3aed", "#0891b2", "#ca8a04", "#db2777", "#64748b", "#111827")
STATISTICS: dict[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max, "Minimum": min}
ONLY_ON_AWS = "counted by AWS only"
Widget = dict[str, Any]
Line = tuple[str, list[float | None]]


def widgets() -> list[Widget]:
    """Return the widgets of the template's dashboard. The names of resources stand for their values."""
    body = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    text, variables = body["Fn::Sub"]
    for name, choice in variables.items():  # an alarm that a condition may leave out is shown
        text = text.replace(f"${{{name}}}", choice["Fn::If"][1]["Fn::Sub"])
    found: list[Widget] = json.loads(re.sub(r"\$\{([\w.:]+)\}", r"\1", text))["widgets"]
    return found


def picture(recording: Recording) -> str:
    """Return the dashboard as SVG."""
    found = widgets()
    width = max(widget["x"] + widget["width"] for widget in found) * UNIT_X
    height = max(widget["y"] + widget["height"] for widget in found) * UNIT_Y
    inside = "\n".join(_framed(widget, recording) for widget in found)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="11">\n'
        f'<rect width="100%" height="100%" fill="#f1f5f9"/>\n{inside}\n</svg>\n'
    )


def _framed(widget: Widget, recording: Recording) -> str:
    x, y = widget["x"] * UNIT_X, widget["y"] * UNIT_Y
    w, h = widget["width"] * UNIT_X - 8, widget["height"] * UNIT_Y - 8
    if widget["type"] == "text":
        return _text(x + 8, y + 27, widget["properties"]["markdown"].lstrip("# "), size=18, weight="bold")
    frame = f'<rect x="4" y="4" width="{w}" height="{h}" rx="4" fill="#fff" stroke="#cbd5e1"/>'
    title = _text(14, 22, widget["properties"]["title"], weight="bold")
    return f'<g transform="translate({x},{y})">{frame}{title}{_inside(widget, recording, w, h)}</g>'


def _inside(widget: Widget, recording: Recording, w: float, h: float) -> str:
    properties = widget["properties"]
    if widget["type"] == "alarm":
        return _rows([(f"{len(properties['alarms'])} alarms, each with its state", "")])
    if widget["type"] == "log":
        return _rows(_counted(properties["query"], recording))
    lines = [line for metric in properties["metrics"] if (line := _line(metric, properties, recording))]
    if not lines:
        return _rows([(ONLY_ON_AWS, "")])
    if properties["view"] in ("singleValue", "pie"):
        return _rows([(label, f"{sum(v or 0 for v in values):g}") for label, values in lines], size=16)
    return _chart(lines, w, h, stacked=properties["stacked"])


def _line(metric: list[Any], properties: Widget, recording: Recording) -> Line | None:
    namespace, name, _, place, options = metric
    points = recording.series.get((name, place))
    if namespace.startswith("AWS/"):
        return None
    every = [at for series in recording.series.values() for at, _ in series]
    begin, seconds = min(every), int(max(every) - min(every)) + 1
    buckets: list[list[float]] = [[] for _ in range(seconds)]
    for at, value in points or []:
        buckets[int(at - begin)].append(value)
    statistic = options.get("stat", properties["stat"])
    none = 0.0 if statistic == "Sum" else None
    return options["label"], [STATISTICS[statistic](bucket) if bucket else none for bucket in buckets]


def _counted(query: str, recording: Recording) -> list[tuple[str, str]]:
    """Return the rows of a table's query: how often one message was logged, by some of its fields."""
    [message], fields = re.findall(r"message = '(\w+)'", query), re.findall(r" by ([\w, ]+) \|", query)[0].split(", ")
    keys = Counter(
        "  ".join(str(line.get(field, "")) for field in fields)
        for line in recording.lines
        if line["message"] == message
    )
    return [(key, str(times)) for key, times in keys.most_common(8)] or [("nothing", "")]


def _chart(lines: list[Line], w: float, h: float, *, stacked: bool) -> str:
    left, top, right = 44.0, 34.0, w - 8
    across = max(1, int((right - left) // LEGEND_WIDTH))
    bottom = h - 16 - 14 * -(-len(lines) // across)
    sums = [sum(v or 0 for v in column) for column in zip(*(values for _, values in lines), strict=True)]
    peak = max(sums) if stacked else max((v for _, values in lines for v in values if v is not None), default=0)
    peak = peak or 1.0
    step = (right - left) / max(1, len(sums) - 1)

    def at(place: int, value: float) -> str:
        return f"{left + place * step:.1f},{bottom - (bottom - top) * value / peak:.1f}"

    axis = f'<path d="M{left},{top}V{bottom}H{right}" fill="none" stroke="#94a3b8"/>'
    scale = _text(left - 4, top + 4, f"{peak:g}", anchor="end") + _text(left - 4, bottom, "0", anchor="end")
    below = [0.0] * len(sums)
    drawn = []
    for number, (_, values) in enumerate(lines):
        color = COLORS[number % len(COLORS)]
        if stacked:
            above = [b + (v or 0) for b, v in zip(below, values, strict=True)]
            edge = [at(n, v) for n, v in enumerate(above)] + [at(n, v) for n, v in reversed(list(enumerate(below)))]
            drawn.append(f'<polygon points="{" ".join(edge)}" fill="{color}" fill-opacity="0.75"/>')
            below = above
        else:
            points = " ".join(at(n, v) for n, v in enumerate(values) if v is not None)
            drawn.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.6"/>')
    return axis + scale + "".join(drawn) + _legend([label for label, _ in lines], left, bottom + 16, across)


def _legend(labels: list[str], x: float, y: float, across: int) -> str:
    places = [(x + n % across * LEGEND_WIDTH, y + 14 * (n // across)) for n in range(len(labels))]
    marks = (
        f'<rect x="{px:.0f}" y="{py - 8:.0f}" width="9" height="9" fill="{COLORS[n % len(COLORS)]}"/>'
        for n, (px, py) in enumerate(places)
    )
    return "".join(marks) + "".join(_text(px + 13, py, label) for (px, py), label in zip(places, labels, strict=True))


def _rows(rows: Iterable[tuple[str, str]], size: int = 12) -> str:
    return "".join(
        _text(14, 48 + n * (size + 8), key, size=size) + _text(270, 48 + n * (size + 8), value, size=size, anchor="end")
        for n, (key, value) in enumerate(rows)
    )


def _text(x: float, y: float, text: str, *, size: int = 11, weight: str = "normal", anchor: str = "start") -> str:
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="#0f172a"'
    return f'<text x="{x:.0f}" y="{y:.0f}" {style}>{escape(text)}</text>'


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(record()))
