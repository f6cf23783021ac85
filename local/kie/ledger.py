"""What the provider charged and gave back: one row per charge."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Charge:
    """One paid attempt; times in Unix seconds."""

    task_id: str
    index: int
    record_id: str
    credits: int
    charged_at: float
    refunded_at: float | None = None


class Ledger:
    """The account: its balance in credits and its charges in order."""

    def __init__(self, balance: int) -> None:
        self.balance = balance
        self.charges: list[Charge] = []

    def charge(self, charge: Charge) -> bool:
        """Book a charge; False where the balance does not reach."""
        if self.balance < charge.credits:
            return False
        self.balance -= charge.credits
        self.charges.append(charge)
        return True

    def refund(self, charge: Charge, now: float) -> None:
        """Give a failed attempt's credits back."""
        charge.refunded_at = now
        self.balance += charge.credits

    def rows(self) -> list[dict[str, Any]]:
        """The charges as JSON objects."""
        return [_row(charge) for charge in self.charges]


def _row(charge: Charge) -> dict[str, Any]:
    return {
        "taskId": charge.task_id,
        "index": charge.index,
        "recordId": charge.record_id,
        "credits": charge.credits,
        "chargedAt": charge.charged_at,
        "refundedAt": charge.refunded_at,
    }
