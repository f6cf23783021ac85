"""The colours of states and of results in a terminal: those of the command line, and two that only tables here need."""

from rich.theme import Theme

from veo4k_cli import output

THEME = Theme({"state.": "dim", "aside": "dim", **output.THEME.styles})
