"""What a scenario is: the ways in which one task may behave."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback.

    payload  name in `callback_payloads.PAYLOADS`, or `outcome`: success or failure, as the task ended
    at       part of the generation after which it is sent; 1 is the end
    delay    simulated minutes after that
    target   `requested` (the URL of the request), `no_token` (last path segment missing), `wrong_token`
    headers  `signed`, `unsigned`, `wrong` (another key), `stale` (signed an hour ago)
    once     it is not retried
    """

    payload: str = "outcome"
    at: float = 1.0
    delay: float = 0.0
    target: str = "requested"
    headers: str = "signed"
    once: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """One task's behaviour; minutes are simulated.

    Of the base task:
    base_error       code with which the base task has failed (`base_task.BASE_ERRORS`); 0: it has not
    videos           number of its videos; 0: one, or four where the simulator did not make the task
    resolution       what its record calls its videos
    base             the file behind its links (`files.LINKS`)
    extended         its record has the whole video as well, as after an extension
    looks            how the first, second, … reading of its record goes (`record_info.LOOKS`); the last holds likewise
    base_callbacks   callbacks of its own generation, where the simulator makes it

    Of its 4K versions:
    minutes          length of the generation; 0: drawn from the settings' range
    refusal          name in `responses.REFUSALS`, returned for `refused_minutes` after the first request
    fails            the generation fails
    early            the generation ends and calls back before the response of the POST
    callbacks        the callbacks
    post_faults      the faults of the first POSTs (`post_faults.POST_FAULTS`)
    links            the files behind the first, second, … link (`files.LINKS`); the last holds for all later ones
    downloads        how the first, second, … download of a file goes (`files.DOWNLOADS`); the last holds likewise
    host             result URLs have this host instead of the simulator's
    second_address   result URLs have the simulator's second address, 127.0.0.2
    portrait         the video is upright
    own_id           response, callback and record-info have an id of their own for the 4K task (`jobs`: always)
    no_task_id       the POST is accepted, but its response has no task id
    names_base_id    the responses of the POST name the base task, and the callback first names the own id (`veo`)
    hidden_minutes   a new task of its own id is unknown to the record for so long
    signed_id        id under the callback's signature: `record` (that of the payload) or `task`
    keyed_by_index   a repeated POST is recognised by task and index
    same_bytes       every index has the same file

    Of the words:
    working          how a repeated POST says that the task is working (`wording.WORKING`)
    chinese          the provider's messages are Chinese
    shape            how results are written wherever they stand (`shapes.SHAPES`)
    credits_as       how credits are written (`shapes.CREDITS`)
    data_as_text     `data` of the envelope is JSON text
    """

    summary: str
    base_error: int = 0
    videos: int = 0
    resolution: str = "720p"
    base: str = "base"
    extended: bool = False
    looks: tuple[str, ...] = ("true",)
    base_callbacks: tuple[Callback, ...] = (Callback(),)
    minutes: float = 0.0
    refusal: str = ""
    refused_minutes: float = math.inf
    fails: bool = False
    early: bool = False
    callbacks: tuple[Callback, ...] = (Callback(),)
    post_faults: tuple[str, ...] = ()
    links: tuple[str, ...] = ("uhd",)
    downloads: tuple[str, ...] = ("whole",)
    host: str = ""
    second_address: bool = False
    portrait: bool = False
    own_id: bool = False
    no_task_id: bool = False
    names_base_id: bool = False
    hidden_minutes: float = 0.0
    signed_id: str = "record"
    keyed_by_index: bool = False
    same_bytes: bool = False
    working: str = "documented"
    chinese: bool = False
    shape: str = "documented"
    credits_as: str = "integer"
    data_as_text: bool = False
