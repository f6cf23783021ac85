"""Command line: run what is left to run, judge it, and write docs/mutation.md."""

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from tests.mutation import page, reasons, stage
from tests.mutation.reasons import Change, as_written
from tests.mutation.verdicts import KILLED, TIMEOUT, UNDECIDED, Mutant, changes, forget_undecided, mutants

LEAST = 90.0  # percent
NOT_DONE, NOT_GOOD = 2, 1


def say(text: str) -> None:
    """Put a line out."""
    sys.stdout.write(text + "\n")


def main() -> int:
    """Give the exit status: 1 where the tests are not good enough, 2 where the time was not."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--minutes", type=float, help="stop then; the next call goes on")
    minutes = parser.parse_args().minutes
    stage.prepare()
    forget_undecided()
    stage.run(minutes and minutes * 60)
    found = mutants()
    left = [mutant for mutant in found if mutant.status in UNDECIDED]
    if left or not found:
        say(f"{len(left)} of {len(found)} mutants are left: call it again")
        return NOT_DONE
    return judge(found)


def judge(found: list[Mutant]) -> int:
    """Judge a whole run, and write the page if every survivor has its reason."""
    told = reasons.reasons()
    others = changes([mutant for mutant in found if mutant.status != KILLED])
    endless = reasons.explained(told, killed=True)
    killed = {mutant for mutant in found if mutant.status == KILLED} | {
        mutant for mutant, change in others.items() if mutant.status == TIMEOUT and change in endless
    }
    survivors = {change for mutant, change in others.items() if mutant not in killed}
    by_module = page.scores(found, killed)
    say(f"{page.total(by_module).percent:.1f} % of {len(found)} mutants were noticed by the tests")
    without, gone = survivors - reasons.explained(told, killed=False), unneeded(told, others)
    complain("survive and have no reason in reasons.toml", without)
    complain("are in reasons.toml and survive no more", gone)
    if without or gone or page.total(by_module).percent < LEAST:
        return NOT_GOOD
    page.PAGE.write_text(page.page(by_module, told, stage.worked(), f"{datetime.now(UTC):%Y-%m-%d}"))
    return 0


def unneeded(told: list[reasons.Reason], others: Mapping[Mutant, Change]) -> set[Change]:
    """Give the reasons that nothing needs."""
    return {change for reason in told for change in reason.changes} - set(others.values())


def complain(what: str, about: set[Change]) -> None:
    """List changes that something is wrong with."""
    if about:
        say("\n".join([f"{len(about)} {what}:", *(as_written(change) for change in sorted(about))]))


if __name__ == "__main__":
    sys.exit(main())
