"""What became of each mutant, read from what mutmut keeps."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from tests.mutation.reasons import Change
from tests.mutation.stage import MUTANTS, STAGE, places

KILLED, TIMEOUT = "killed", "timeout"
UNDECIDED = ("not checked", "check was interrupted by user", "suspicious")
"""Not run, or cut off: what a worker that was ended by a signal leaves behind is "suspicious"."""


class Mutant(NamedTuple):
    """A mutant as mutmut names it, the file it is in, and what became of it."""

    name: str
    path: str
    status: str

    @property
    def module(self) -> str:
        """Give its module, below the package."""
        return ".".join(Path(self.path).with_suffix("").parts[2:])


def forget_undecided() -> None:
    """Let the mutants be tested once more whose test was cut off."""
    for place in places():
        kept = json.loads(place.read_text())
        exits: dict[str, Any] = kept["exit_code_by_key"]
        again = {name: None for name, code in exits.items() if status_by_exit_code[code] in UNDECIDED}
        if again:
            kept["exit_code_by_key"] = exits | again
            place.write_text(json.dumps(kept))


def mutants() -> list[Mutant]:
    """Give all mutants there are."""
    return [
        Mutant(name, str(place.relative_to(MUTANTS)).removesuffix(".meta"), status_by_exit_code[code])
        for place in places()
        for name, code in json.loads(place.read_text())["exit_code_by_key"].items()
    ]


def changes(given: list[Mutant]) -> Mapping[Mutant, Change]:
    """Give what each of these mutants changes."""
    with contextlib.chdir(STAGE):
        return {mutant: _change(mutant, get_diff_for_mutant(mutant.name, path=mutant.path)) for mutant in given}


def _change(mutant: Mutant, diff: str) -> Change:
    lines = diff.splitlines()[2:]
    return Change(f"{mutant.module}.{_function(mutant.name)}", _marked(lines, "-"), _marked(lines, "+"))


def _function(name: str) -> str:
    mangled = name.rpartition(".")[2].partition("__mutmut_")[0]
    return mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")


def _marked(lines: list[str], mark: str) -> str:
    return " ".join(line[1:].strip() for line in lines if line.startswith(mark))
