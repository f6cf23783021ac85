"""Signals that end a process."""

import os
import signal

import pytest

from local.cloud.signals import as_interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_to_end_is_an_interrupt(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), as_interrupts():
        os.kill(os.getpid(), number)


def test_signals_do_afterwards_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with as_interrupts():
        pass
    assert signal.getsignal(signal.SIGTERM) is before
