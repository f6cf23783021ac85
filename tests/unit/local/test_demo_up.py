import os
import subprocess
import sys

from local.paths import ROOT

KEY = "a-key-that-costs-money"


def up(**environment: str) -> subprocess.CompletedProcess[str]:
    """`make local` where nobody can be asked."""
    return subprocess.run(
        [sys.executable, "-m", "local.cloud"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "YES"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_real_provider_is_asked_only_by_those_who_have_said_yes() -> None:
    ended = up(KIE_API_KEY=KEY)
    assert ended.returncode == 1
    assert "confirm with YES=1" in ended.stdout


def test_the_price_is_named_before_and_the_key_never() -> None:
    ended = up(KIE_API_KEY=KEY)
    assert "$0.60" in ended.stdout
    assert KEY not in ended.stdout + ended.stderr
