"""Folders of the tree. Everything below `.local/` is made by the tools of this package, and may be deleted."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / ".local/log"
MEDIA = ROOT / ".local/media"
STATE = ROOT / ".local/cloud"
"""One folder for each emulator or proxy that runs."""
