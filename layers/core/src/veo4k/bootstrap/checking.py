"""What check needs: the new versions, and whoever waits for the verdict on them."""

from functools import cache

from veo4k.adapters.aws import client
from veo4k.adapters.new_versions import NewVersions
from veo4k.bootstrap import settings
from veo4k.services.check import TRIALS


@cache
def candidates() -> NewVersions:
    """Build the way to the new versions."""
    versions = {trial.function: settings().text(f"{trial.function.upper()}_VERSION") for trial in TRIALS}
    return NewVersions(client("lambda"), client("codedeploy"), versions)
