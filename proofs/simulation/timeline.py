"""What happened, in order, to be read by people."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from proofs.simulation.kernel import Kernel


@dataclass
class Timeline:
    """Keeps lines, each with its subject, only if `is_traced`: a replay does, a long run does not."""

    kernel: Kernel
    is_traced: bool
    lines: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin = self.kernel.now

    def add(self, subject: str, who: str, what: str, how: str = "") -> None:
        if self.is_traced:
            at = self.kernel.now - self.begin
            clock = f"{int(at // 3600):4d}:{int(at // 60 % 60):02d}:{at % 60:06.3f}"
            self.lines.append((subject, f"{clock}  {who:<12} {what:<12} {subject:<24} {how}".rstrip()))

    def about(self, subject: str) -> Iterator[str]:
        """Return the lines about one task; about everything, where its name is empty."""
        return (line for known, line in self.lines if subject in known)
