"""The double that fails: it stands between the product and another double."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from veo4k.domain.errors import StorageError

DOWN = "Row: down"
"""What the storage says while it is down."""


@dataclass(frozen=True)
class _Fault:
    """`call`: the number of the call that fails, or 0 for every one; `done`: it fails after it was done."""

    error: Exception
    call: int
    done: bool


class FaultInjector:
    """Passes every call on to a double, but for the faults that a test plans.

    The test itself calls the double directly, so its own calls never fail.
    """

    def __init__(self, target: object) -> None:
        self._target = target
        self._faults: dict[str, _Fault] = {}
        self._before: dict[str, Callable[..., object]] = {}
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def fail(self, *methods: str, call: int = 0, done: bool = False, error: Exception | None = None) -> None:
        """Let these methods fail from now on, or only their `call`-th call from now; `done`: after it was done."""
        for method in methods:
            so_far = len(self.called(method)) if call else 0
            self._faults[method] = _Fault(error or StorageError(DOWN), call + so_far, done)

    def before(self, method: str, do: Callable[..., object]) -> None:
        """Call `do` with the arguments of each call of this method, before the call is passed on."""
        self._before[method] = do

    def called(self, method: str) -> list[tuple[Any, ...]]:
        return [arguments for name, arguments in self.calls if name == method]

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._target, name)
        return self._passing(name, attribute) if callable(attribute) else attribute

    def _passing(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.calls.append((name, arguments))
            fault = self._faults.get(name)
            if fault and fault.call not in (0, len(self.called(name))):
                fault = None
            if before := self._before.get(name):
                before(*arguments, **named)
            if fault and not fault.done:
                raise fault.error
            result = method(*arguments, **named)
            if fault:
                raise fault.error
            return result

        return call
