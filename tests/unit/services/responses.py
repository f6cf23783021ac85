"""Responses of the provider that many tests of the use cases share."""

from proofs.doubles.stage import TASK, URL
from veo4k.domain.job import Code
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

WORKING = Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=TASK)
REPEATED = Response(meaning=Meaning.WORKING, task_id=TASK)
DONE = Response(meaning=Meaning.DONE, urls=(URL,))
LOST = Response(meaning=Meaning.LOST, cause="ReadTimeout")
NEVER_SENT = Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeout")
REFUSED = Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK)
NOT_YET = Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED, cause="not success")
NO_CREDITS = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.NO_CREDITS)
MAINTENANCE = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.MAINTENANCE)
NOT_FOUND = Response(meaning=Meaning.NOT_FOUND, wait_reason=WaitReason.NOT_FOUND)
PATH_IS_GONE = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.PATH_GONE)
