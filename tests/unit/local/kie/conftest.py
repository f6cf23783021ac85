from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from local.kie import Settings, Simulator
from local.kie.media import Media, ensure_media
from tests.unit.local.kie.client import KEY, WEBHOOK_KEY, Client, receiving

Start = Callable[..., Client]


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def media(media_folder: Path) -> Media:
    return ensure_media(media_folder, frames=2)


@pytest.fixture
def start(media: Media, media_folder: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a simulator with some settings and return a client. Ten of its minutes take a fortieth of a second."""
    defaults = {"speed": 24_000.0, "log_file": tmp_path / "kie.jsonl", "window_count": 1000}
    with ExitStack() as stack:

        def started(**changes: Any) -> Client:
            settings: dict[str, Any] = {**defaults, **changes}
            all_settings = Settings(media_folder=media_folder, api_key=KEY, webhook_key=WEBHOOK_KEY, **settings)
            return Client(stack.enter_context(Simulator(all_settings)), stack.enter_context(receiving()))

        yield started


@pytest.fixture
def client(start: Start) -> Client:
    return start()
