"""The simulator in a process of its own: `python -m local.kie --port 8090 --config kie.json`."""

import argparse
import asyncio
import signal
from dataclasses import replace
from pathlib import Path

from local.kie.server import running
from local.kie.settings import Settings, read_settings


def main() -> None:
    """Run until interrupted or terminated."""
    parser = argparse.ArgumentParser(prog="python -m local.kie", description=__doc__)
    parser.add_argument("--port", type=int, help="port on 127.0.0.1; a free one if not given")
    parser.add_argument("--config", type=Path, help="JSON file with any of the fields of local.kie.Settings")
    given = parser.parse_args()
    settings = read_settings(given.config) if given.config else Settings()
    asyncio.run(_serve(settings if given.port is None else replace(settings, port=given.port)))


async def _serve(settings: Settings) -> None:
    halt, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, halt.set)
    async with running(settings) as bound:
        print(f"KIE simulator on http://{bound.host}:{bound.port}", flush=True)
        await halt.wait()


if __name__ == "__main__":
    main()
