"""Result URLs: the n-th link handed out for an upscale, with a token in the query string as signed URLs have."""

import hmac

from local.kie.provider import Provider, Upscale


def file_url(provider: Provider, name: str, link: int = 0) -> str:
    """URL of a file on the test host, e.g. of `veo_task_1_0.mp4`; `link` counts the links handed out for it."""
    return f"{provider.settings.public_base}/files/{name}?token={link}.{provider.secret_digest(f'{name} {link}')}"


def link_of(provider: Provider, name: str, token: str) -> int | None:
    """Which link a token belongs to; None for a token never handed out for that file."""
    number, _, digest = token.partition(".")
    true = provider.secret_digest(f"{name} {number}")
    return int(number) if number.isdigit() and hmac.compare_digest(digest.encode(), true.encode()) else None


def result_urls(provider: Provider, upscale: Upscale, link: int) -> tuple[list[str], list[str]]:
    """Video and poster URLs of a finished upscale under its n-th link."""
    upscale.links = max(upscale.links, link + 1)
    stem = f"{upscale.charge.task_id}_{upscale.charge.index}"
    if upscale.scenario.host:
        return [f"{upscale.scenario.host}/v/{stem}.mp4?token={link}"], [f"{upscale.scenario.host}/v/{stem}.jpg"]
    return [file_url(provider, f"{stem}.mp4", link)], [file_url(provider, f"{stem}.jpg", link)]


def fresh_urls(provider: Provider, upscale: Upscale) -> tuple[list[str], list[str]]:
    """Video and poster URLs under a link not handed out before."""
    return result_urls(provider, upscale, upscale.links)
