"""What the provider says: the responses that scripts and rules are made of."""

from dataclasses import replace

from proofs.doubles.stage import TASK, URL
from veo4k.domain.job import Code
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

OWN = "veo_task_of_its_own"

WORKING = Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=TASK)
WITH_OWN_ID = replace(WORKING, task_id=OWN)
REPEATED = Response(meaning=Meaning.WORKING, task_id=TASK)
DONE = Response(meaning=Meaning.DONE, urls=(URL,))
LOST = Response(meaning=Meaning.LOST, cause="ReadTimeout")
UNCLEAR = Response(meaning=Meaning.UNCLEAR, words=Words(422, "something new"))
NEVER_SENT = Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeout")
REFUSED = Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK)
NOT_YET = Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED, cause="not success")
NO_CREDITS = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.NO_CREDITS)
MAINTENANCE = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.MAINTENANCE)
NOT_FOUND = Response(meaning=Meaning.NOT_FOUND, wait_reason=WaitReason.NOT_FOUND)
PATH_IS_GONE = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.PATH_GONE)
