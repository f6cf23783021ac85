"""Can every test be called by its name? mutmut calls them so, and takes a name pytest does not know for a failure."""

import contextlib
import io
import os
import tomllib

import pytest

from tests.mutation.stage import ROOT

NOT_FOUND = "ERROR: not found: "


class _Collected:
    """Hears what pytest has collected."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Remember the names."""
        self.names = [item.nodeid for item in items]


def uncallable() -> list[str]:
    """Give what pytest says of the names that it does not know again, a backslash in it for instance."""
    selection = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    everything = _Collected()
    with contextlib.chdir(ROOT):
        _collect(selection["pytest_add_cli_args_test_selection"], everything)
        said = _collect(everything.names, _Collected())
    return [line.removeprefix(f"{NOT_FOUND}{ROOT}{os.sep}") for line in said.splitlines() if line.startswith(NOT_FOUND)]


def _collect(arguments: list[str], hears: _Collected) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        pytest.main(["--collect-only", "-qqq", *arguments], plugins=[hears])
    return said.getvalue()
