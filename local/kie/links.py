"""Result URLs: the n-th link to a file of an upscale, with a token in its query string, as signed URLs have."""

import hmac

from local.kie.provider import Provider, Upscale


def file_url(provider: Provider, name: str, link: int = 0) -> str:
    """Return the URL of a file, e.g. `veo_task_1_0.mp4`; `link` counts the links to it."""
    return f"{provider.settings.public_base}/files/{name}?token={link}.{provider.secret_digest(f'{name} {link}')}"


def link_of(provider: Provider, name: str, token: str) -> int | None:
    """Return the number of the link that a token belongs to. None: the token was not issued for this file."""
    number, _, digest = token.partition(".")
    true = provider.secret_digest(f"{name} {number}")
    return int(number) if number.isdigit() and hmac.compare_digest(digest.encode(), true.encode()) else None


def result_urls(provider: Provider, upscale: Upscale, link: int) -> tuple[list[str], list[str]]:
    """Return the video and poster URLs of a finished upscale under its n-th link."""
    upscale.links = max(upscale.links, link + 1)
    stem = f"{upscale.charge.task_id}_{upscale.charge.index}"
    if upscale.scenario.host:
        return [f"{upscale.scenario.host}/v/{stem}.mp4?token={link}"], [f"{upscale.scenario.host}/v/{stem}.jpg"]
    return [file_url(provider, f"{stem}.mp4", link)], [file_url(provider, f"{stem}.jpg", link)]


def fresh_urls(provider: Provider, upscale: Upscale) -> tuple[list[str], list[str]]:
    """Return the video and poster URLs under a new link."""
    return result_urls(provider, upscale, upscale.links)
