"""What the callback needs: the table and the two keys."""

from functools import cache

from veo4k.adapters.callback_auth import KeyedCallbackAuth
from veo4k.bootstrap import jobs, secret, settings
from veo4k.services.settle import Office


@cache
def office() -> Office:
    """Build what the callback needs."""
    told = settings()
    return Office(
        jobs=jobs(),
        auth=KeyedCallbackAuth(secret("TOKEN_KEY_SECRET_NAME"), secret("WEBHOOK_KEY_SECRET_NAME")),
        times=told.times(),
        hosts=told.hosts(),
        optional=told.chosen("CALLBACK_SIGNATURE", "required", "optional") == "optional",
    )
