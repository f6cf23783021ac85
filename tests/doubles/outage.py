"""Doubles that fail: methods that are down, and a write whose answer is lost."""

from typing import NoReturn

from tests.doubles.jobs_memory import MemoryJobs
from veo4k.domain.errors import StorageError
from veo4k.domain.write import Outcome, Write

ROW = "Row: down"


def down(*_: object, **__: object) -> NoReturn:
    """Fail."""
    raise StorageError(ROW)


def lose(of: object, *methods: str) -> None:
    """Let these methods of a double fail from now on."""
    for method in methods:
        setattr(of, method, down)


def lose_answer(jobs: MemoryJobs, number: int, *, landed: bool) -> None:
    """Let the answer of one of the next writes be lost, counted from 1; `landed`: after it was done."""
    do, left = jobs.write, iter(range(number - 1, -1, -1))

    def losing(write: Write) -> Outcome:
        is_it = next(left, None) == 0
        if is_it and not landed:
            down()
        outcome = do(write)
        return down() if is_it else outcome

    jobs.write = losing  # type: ignore[method-assign]
