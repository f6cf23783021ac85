"""The colours of states and of results in a terminal."""

from rich.theme import Theme

THEME = Theme(
    {
        "state.": "dim",
        "state.QUEUED": "dim",
        "state.SUBMITTING": "yellow",
        "state.PROCESSING": "blue",
        "state.READY": "cyan",
        "state.SUCCEEDED": "green",
        "state.FAILED": "magenta",
        "state.TIMED_OUT": "magenta",
        "good": "green",
        "bad": "bold red",
        "aside": "dim",
    }
)
