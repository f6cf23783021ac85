"""What happened, in order, to be read by people."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from proofs.simulation.kernel import Kernel


class Line(NamedTuple):
    """One thing that happened."""

    at: float
    subject: str
    who: str
    what: str
    how: str


@dataclass
class Timeline:
    """Keeps lines only if `is_traced`: a replay does, a long run does not."""

    kernel: Kernel
    is_traced: bool
    begin: float = 0.0
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin = self.kernel.now

    def add(self, subject: str, who: str, what: str, how: str = "") -> None:
        """Keep a line."""
        if self.is_traced:
            self.lines.append(Line(self.kernel.now, subject, who, what, how))

    def about(self, subject: str) -> Iterable[str]:
        """Return the lines about one task and about the account."""
        return (self._text(line) for line in self.lines if subject in line.subject or not subject)

    def _text(self, line: Line) -> str:
        seconds = line.at - self.begin
        clock = f"{int(seconds // 3600):4d}:{int(seconds // 60 % 60):02d}:{seconds % 60:06.3f}"
        return f"{clock}  {line.who:<12} {line.what:<12} {line.subject:<24} {line.how}".rstrip()
