"""A demo whose jobs do not end in time. Run by `make prove`."""

import re
import subprocess
import sys

from local.demo.cases import cases_under
from local.paths import ROOT

WITHOUT_PATIENCE = "import sys, local.demo.__main__ as demo; demo.TIMEOUT_SECONDS = 3.0; sys.exit(demo.main())"


def test_a_demo_whose_jobs_do_not_end_fails() -> None:
    command = [sys.executable, "-c", WITHOUT_PATIENCE]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=90, check=False)  # noqa: S603
    found = re.search(rf"([0-9]+) of {len(cases_under('veo'))} correct", done.stdout)
    assert found, done.stdout
    assert (done.returncode, int(found[1]) < len(cases_under("veo"))) == (1, True)
