from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from local.kie import Settings, Simulator
from local.kie.media import Media, ensure_media
from tests.unit.local.doubles import KEY, WEBHOOK_KEY, Caller, Receiver

Start = Callable[..., Simulator]


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def media(media_folder: Path) -> Media:
    return ensure_media(media_folder)


@pytest.fixture
def start(media: Media, media_folder: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a simulator with some settings; ten simulated minutes take a fortieth of a second."""
    with ExitStack() as stack:

        def started(**settings: Any) -> Simulator:
            given: dict[str, Any] = {
                "speed": 24_000.0,
                "log_file": tmp_path / "kie.jsonl",
                "window_count": 1000,
            } | settings
            all_settings = Settings(media_folder=media_folder, api_key=KEY, webhook_key=WEBHOOK_KEY, **given)
            return stack.enter_context(Simulator(all_settings))

        yield started


@pytest.fixture
def simulator(start: Start) -> Simulator:
    return start()


@pytest.fixture
def caller(simulator: Simulator) -> Caller:
    return Caller(simulator.host_port)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
