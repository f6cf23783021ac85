"""What submit needs: the dispatcher, and the job queue."""

from functools import partial

from veo4k.adapters.aws import client
from veo4k.adapters.queue_sqs import SqsQueue
from veo4k.bootstrap import clock, jobs, new_id, settings, times
from veo4k.bootstrap.dispatch import dispatcher
from veo4k.services.submit import Submitter


def submitter(deadline: float) -> Submitter:
    """Return the submitter of one invocation. `deadline`: epoch second at which the function is killed."""
    return Submitter(
        dispatcher=dispatcher(deadline),
        queue=SqsQueue(
            partial(client, "sqs"), settings().text("JOB_QUEUE_URL"), settings().text("DEAD_LETTER_QUEUE_URL")
        ),
        jobs=jobs(),
        clock=clock(),
        new_id=new_id,
        times=times(),
    )
