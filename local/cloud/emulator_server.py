"""The emulator's process, in an environment of its own (.venvs/cloud): ministack with this folder's workarounds."""

import os
import shutil
import signal
import sys
import threading
from pathlib import Path

from ministack import app  # type: ignore[import-not-found]  # lives in .venvs/cloud only

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the interpreter is isolated and does not search the tree

from local.cloud import emulator_alarms, emulator_workarounds


def end_with_parent() -> None:
    """End the whole process group when the parent closes the pipe or dies."""
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    emulator_alarms.apply()
    emulator_workarounds.apply()
    app.main()
