"""mutmut's own `run`, with tests that are collected once: each worker is forked from a process that has them.

mutmut starts pytest anew for each change, and pytest then looks up hundreds of names, for tests that take hundredths of
a second. Run by its path: the package `tests` has to be that of the stage.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from types import MappingProxyType
from typing import Any

from _pytest.config import _prepareconfig  # the steps of pytest.main, which has no half-way
from _pytest.main import Session
from mutmut import __main__ as mutmut
from mutmut.configuration import config
from mutmut.runners.harness import PytestRunner
from mutmut.utils.file_utils import change_cwd
from mutmut.workers.isolation import ForkRunner, ForkServerRunner, MutantRunner

SURVIVED, KILLED, UNDECIDED = 0, 1, 35  # as mutmut understands exit codes


class CollectedTests(PytestRunner):
    """The tests of a run, ready to be called by their names."""

    def collect(self) -> None:
        """Collect them."""
        # How a test fails is nobody's business here, and costs more than the test.
        options = ["--rootdir=.", "-q", "-s", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"]
        with change_cwd("mutants"), redirect_stdout(Path(os.devnull).open("w")):  # pytest goes on writing to it
            pytest_config = _prepareconfig([*options, *config().pytest_add_cli_args_test_selection])
            pytest_config._do_configure()
            self._session = Session.from_config(pytest_config)
            pytest_config.hook.pytest_sessionstart(session=self._session)
            pytest_config.hook.pytest_collection(session=self._session)
        self._items = {item.nodeid: (place, item) for place, item in enumerate(self._session.items)}

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:  # noqa: ARG002  it is switched on
        """Run tests until one fails; a worker that cannot even begin is no verdict.

        mutmut keeps the names in a set. In an order of their own the same test is met first in every run: else a change
        that lets one test fail and another run for ever would be now the one, now the other.
        """
        try:
            with change_cwd("mutants"):
                return self._run([item for _, item in sorted(self._items[name] for name in tests)])
        except BaseException:  # noqa: BLE001  it would come out of the fork as a killed mutant
            return UNDECIDED

    def _run(self, chosen: list[Any]) -> int:
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._session.testsfailed:
                return KILLED
        return SURVIVED


class CollectingRunner(ForkRunner):
    """Collects before the first fork.

    Whole runs are made in a fork of their own: what they leave behind, a gigabyte, no worker has to inherit.
    """

    test_runner_class = PytestRunner
    test_runner_args: Mapping[str, Any] = MappingProxyType({})
    _run_in_child = ForkServerRunner._run_in_child
    _exit_code_from_child = ForkServerRunner._exit_code_from_child
    collect_stats = ForkServerRunner.collect_stats
    run_clean_tests = ForkServerRunner.run_clean_tests
    run_forced_fail = ForkServerRunner.run_forced_fail
    list_all_tests = ForkServerRunner.list_all_tests

    def startup(self) -> None:
        """Get ready."""
        self.test_runner.collect()  # type: ignore[attr-defined]
        super().startup()


def runner(max_workers: int) -> MutantRunner:
    """Stand in for mutmut's choice of a runner."""
    return CollectingRunner(max_workers=max_workers, test_runner=CollectedTests())


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, whose names are nobody's business
    vars(mutmut)["get_mutant_runner"] = runner
    mutmut._run((), os.cpu_count())
