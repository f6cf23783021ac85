"""Pictures of the figures, as SVG without fonts and scripts."""

from collections.abc import Mapping, Sequence
from statistics import median

import pygal
from pygal.style import Style

from local.paths import ROOT

PLOTS = ROOT / "docs/evidence/plots"
STYLE = Style(
    background="white", plot_background="white", font_family="sans-serif", colors=("#2f6f9f", "#c77d2e", "#8a8a8a")
)
LOOK = {"style": STYLE, "js": (), "width": 760, "height": 340, "pretty_print": False, "show_legend": False}


def bars(title: str, sides: Mapping[str, float], unit: str, *, logarithmic: bool = False) -> str:
    """Draw one bar for each side, the first on top; its number stands beside its name."""
    upwards = [*sides.items()][::-1]
    begin = min(sides.values()) / 2 if logarithmic else 0
    chart = pygal.HorizontalBar(
        title=title,
        logarithmic=logarithmic,
        zero=begin,
        range=(begin, max(sides.values())),
        show_x_labels=False,  # pygal turns the words with the chart: these are the numbers
        show_x_guides=False,
        show_y_guides=False,
        truncate_label=-1,
        **LOOK,
    )
    chart.x_labels = [f"{name}: {side:,.1f} {unit}" for name, side in upwards]
    chart.add(unit, [side for _, side in upwards])
    return str(chart.render(is_unicode=True))


def lines(title: str, drawn: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Draw lines over seconds."""
    look = LOOK | {"show_legend": True}
    chart = pygal.XY(title=title, x_title="seconds", y_title="requests", dots_size=0, legend_at_bottom=True, **look)
    for name, points in drawn.items():
        chart.add(name, list(points))
    return str(chart.render(is_unicode=True))


def medians(taken: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return each side's median in milliseconds."""
    return {name: median(seconds) * 1000 for name, seconds in taken.items()}


def paced(arrivals: Sequence[float], requests: int, window: float) -> dict[str, Sequence[tuple[float, float]]]:
    """Return when each request came, and when each could have at best."""
    best = [(place // requests * window, place + 1.0) for place in range(len(arrivals))]
    return {"as deployed": [(at, place + 1.0) for place, at in enumerate(arrivals)][::25], "best possible": best[::5]}


def keep(name: str, picture: str) -> None:
    """Write a picture."""
    PLOTS.mkdir(exist_ok=True)
    (PLOTS / f"{name}.svg").write_text(picture, encoding="utf-8")
