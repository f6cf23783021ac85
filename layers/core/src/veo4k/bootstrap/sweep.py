"""What sweep needs: the dispatcher, and the health metrics."""

import random
from functools import cache

from veo4k.bootstrap import clock, jobs, new_id, times
from veo4k.bootstrap.dispatch import dispatcher, gate, provider
from veo4k.services.health import Health
from veo4k.services.sweep import Sweeper


def sweeper(deadline: float) -> Sweeper:
    """Return the sweeper of one invocation. `deadline`: epoch second at which the function is killed."""
    return Sweeper(
        dispatcher=dispatcher(deadline),
        jobs=jobs(),
        clock=clock(),
        new_id=new_id,
        chance=random.random,
        times=times(),
    )


@cache
def health() -> Health:
    """Return the health metrics; they remember when this process has read the balance."""
    return Health(jobs(), gate(), provider(), clock())
