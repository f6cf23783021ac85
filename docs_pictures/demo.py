"""Draws the demo's report, after running the demo: `python -m docs_pictures.demo docs/demo.svg [--contract jobs]`."""

import argparse
import io
import re
from pathlib import Path

from rich.console import Console, RenderableType

from local.cloud.signals import signals_as_interrupts
from local.cloud.theme import THEME
from local.demo.__main__ import run
from local.demo.report import report
from local.kie import PROVIDER_APIS, VEO

COLUMNS = 100


def draw(shown: RenderableType, path: Path) -> None:
    """Write what the terminal shows as an SVG, without the fonts that it would load from another host."""
    console = Console(theme=THEME, highlight=False, record=True, width=COLUMNS, file=io.StringIO())
    console.print(shown)
    svg = console.export_svg(title="make demo")
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL))


def main() -> None:
    """Run the demo and draw its report."""
    parser = argparse.ArgumentParser(prog="python -m docs_pictures.demo", description=__doc__)
    parser.add_argument("path", type=Path, help="SVG to write")
    parser.add_argument("--contract", choices=PROVIDER_APIS, default=VEO, help="the provider's API, veo by default")
    arguments = parser.parse_args()
    with signals_as_interrupts():
        draw(report(run(Console(theme=THEME, highlight=False), arguments.contract)), arguments.path)


if __name__ == "__main__":
    main()
