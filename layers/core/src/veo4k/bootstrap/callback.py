"""What the callback needs: the table, and the keys of token and signature."""

from functools import cache

from veo4k.bootstrap import hosts, jobs, secret, settings, times
from veo4k.services.callback import CallbackHandler


@cache
def callback_handler() -> CallbackHandler:
    """Return the handler of callbacks."""
    return CallbackHandler(
        jobs=jobs(),
        token_keys=secret("TOKEN_KEY_SECRET_NAME").in_use,
        webhook_keys=secret("WEBHOOK_KEY_SECRET_NAME").in_use,
        times=times(),
        hosts=hosts(),
        is_signature_optional=settings().chosen("CALLBACK_SIGNATURE", "required", "optional") == "optional",
    )
