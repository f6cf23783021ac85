"""The provider's account: its balance, and a row for each charge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.kie.prices import Kind


@dataclass(slots=True)
class Charge:
    """One charge. `kind`: what was bought (`prices.Kind`). Times in Unix seconds."""

    kind: Kind
    task_id: str
    index: int
    record_id: str
    credits: int
    charged_at: float
    refunded_at: float | None = None


class Ledger:
    """The balance in credits, and the charges in order."""

    def __init__(self, balance: int) -> None:
        self.balance = balance
        self.charges: list[Charge] = []

    def charge(self, charge: Charge) -> bool:
        """Book a charge. Return False where the balance is too low."""
        if self.balance < charge.credits:
            return False
        self.balance -= charge.credits
        self.charges.append(charge)
        return True

    def refund(self, charge: Charge, now: float) -> None:
        """Refund the credits of a failed generation."""
        charge.refunded_at = now
        self.balance += charge.credits

    def rows(self) -> list[dict[str, Any]]:
        """Return the charges as JSON objects."""
        return [_row(charge) for charge in self.charges]


def credits_spent(rows: Iterable[Mapping[str, Any]]) -> int:
    """Return the credits of rows of a ledger that were charged and not refunded."""
    return sum(row["credits"] for row in rows if row["refundedAt"] is None)


def _row(charge: Charge) -> dict[str, Any]:
    return {
        "kind": charge.kind,
        "taskId": charge.task_id,
        "index": charge.index,
        "recordId": charge.record_id,
        "credits": charge.credits,
        "chargedAt": charge.charged_at,
        "refundedAt": charge.refunded_at,
    }
