"""Result URLs: the n-th link to a file, with a token in its query string, as signed URLs have.

Names of files: `{task}_{index}.mp4` (4K), `{task}_hd{index}.mp4` (1080P), `{task}_base.mp4`, `{task}_base1.mp4` …
"""

import hmac

from local.kie.base_task import BaseTask, base_task
from local.kie.prices import MADE, Kind
from local.kie.provider import PaidTask, Provider

STEMS = {Kind.UHD: "{}_{}", Kind.HD: "{}_hd{}"}


def file_url(provider: Provider, name: str, link: int = 0, *, second_address: bool = False) -> str:
    """Return the URL of a file, e.g. `veo_task_1_0.mp4`; `link` counts the links to it."""
    base = provider.settings.second_base if second_address else provider.settings.public_base
    return f"{base}/files/{name}?token={link}.{provider.secret_digest(f'{name} {link}')}"


def base_urls(provider: Provider, base: BaseTask) -> list[str]:
    """Return the URLs of the videos of a base task."""
    return [file_url(provider, f"{base.task_id}_base{index or ''}.mp4") for index in range(base.videos)]


def link_of(provider: Provider, name: str, token: str) -> int | None:
    """Return the number of the link that a token belongs to. None: the token was not issued for this file."""
    number, _, digest = token.partition(".")
    true = provider.secret_digest(f"{name} {number}")
    return int(number) if number.isdigit() and hmac.compare_digest(digest.encode(), true.encode()) else None


def result_urls(provider: Provider, task: PaidTask, link: int) -> tuple[list[str], list[str]]:
    """Return the video and poster URLs of a finished task under its n-th link. A base task has one link, no poster."""
    task.links = max(task.links, link + 1)
    charge, scenario = task.charge, task.scenario
    if charge.kind in MADE:
        return base_urls(provider, base_task(provider, charge.task_id)), []
    stem = STEMS[charge.kind].format(charge.task_id, charge.index)
    if scenario.host:
        return [f"{scenario.host}/v/{stem}.mp4?token={link}"], [f"{scenario.host}/v/{stem}.jpg"]
    video, poster = (
        file_url(provider, f"{stem}.{kind}", link, second_address=scenario.second_address) for kind in ("mp4", "jpg")
    )
    return [video], [poster]


def fresh_urls(provider: Provider, task: PaidTask) -> tuple[list[str], list[str]]:
    """Return the video and poster URLs under a new link."""
    return result_urls(provider, task, task.links)
