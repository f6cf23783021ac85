"""docs/mutation.md, made from a run."""

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import NamedTuple

from tests.mutation.reasons import Reason, survivors
from tests.mutation.stage import ROOT
from tests.mutation.verdicts import Mutant

PAGE = ROOT / "docs" / "mutation.md"
HEAD = """\
# Mutation testing

Do the tests notice when the code is wrong? `make mutate` changes domain and services in thousands of small ways, one at
a time, and runs the tests that reach the change. A change that no test notices survives. The command writes this page,
and fails when the score is under 90 %, when a survivor has no reason in `tests/mutation/reasons.toml`, or when a reason
has no survivor.

Only what stands in functions is changed. Tables and constants of a module, decorated functions (properties, most of
all) and regular expressions outside functions are not: the tool cannot switch them. The tests are those of domain and
services and the contract tests over the table in memory; not the simulation, whose seeds would find some changes by
chance alone.
"""


class Score(NamedTuple):
    """How many mutants there were, and how many the tests noticed."""

    mutants: int
    killed: int

    @property
    def percent(self) -> float:
        """Give the share of the killed."""
        return 100 * self.killed / self.mutants if self.mutants else 100.0

    def row(self, name: str) -> str:
        """Give the score as a row of a table."""
        return f"| {name} | {self.mutants} | {self.killed} | {self.mutants - self.killed} | {self.percent:.1f} % |"


def scores(mutants: Sequence[Mutant], killed: set[Mutant]) -> Mapping[str, Score]:
    """Give the score of each module."""
    made, dead = Counter(mutant.module for mutant in mutants), Counter(mutant.module for mutant in killed)
    return {module: Score(count, dead[module]) for module, count in sorted(made.items())}


def total(by_module: Mapping[str, Score]) -> Score:
    """Give the score of all."""
    return Score(sum(score.mutants for score in by_module.values()), sum(score.killed for score in by_module.values()))


def page(by_module: Mapping[str, Score], told: list[Reason], seconds: float, day: str) -> str:
    """Write the page."""
    lines = [
        "## The last run",
        "",
        f"{day}, mutmut {version('mutmut')}, Python {platform.python_version()}, {seconds:.0f} s.",
        "",
        "| Module | Mutants | Killed | Survived | Score |",
        "|---|---:|---:|---:|---:|",
        *(score.row(f"`{module}`") for module, score in by_module.items()),
        total(by_module).row("**all**"),
        "",
        "## Survivors, and why",
        *survivors(told),
    ]
    return HEAD + "\n" + "\n".join(lines) + "\n"
