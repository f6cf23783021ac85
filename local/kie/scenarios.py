"""The table of scenarios. `scenario_choice` says how a task gets one of them."""

from local.kie.scenario import Callback, Scenario


def _payload(name: str) -> tuple[Callback, ...]:
    return (Callback(name),)


FORGERIES = (
    Callback("off_list", at=0.3, target="no_token", once=True),
    Callback("off_list", at=0.4, target="wrong_token", once=True),
    Callback("off_list", at=0.5, headers="unsigned", once=True),
    Callback("off_list", at=0.6, headers="wrong", once=True),
    Callback("off_list", at=0.7, headers="stale", once=True),
)

SCENARIOS = {
    "on_time": Scenario("one signed callback when the video is done"),
    "portrait": Scenario("as on_time, upright", portrait=True),
    "lost": Scenario("the callback is never sent", callbacks=()),
    "doubled": Scenario("the callback is sent twice", callbacks=(Callback(), Callback(delay=0.5))),
    "early": Scenario("the callback is sent before the response of the POST", early=True),
    "late": Scenario("the callback is sent 30 minutes after the video is done", callbacks=(Callback(delay=30.0),)),
    "failure": Scenario("the generation fails", fails=True),
    "data_null": Scenario(
        "the generation fails and the callback has no task id", fails=True, callbacks=_payload("data_null")
    ),
    "tampered": Scenario("a true signature and a payload with a foreign host", callbacks=_payload("off_list")),
    "forged": Scenario("five forged callbacks before the true one", callbacks=(*FORGERIES, Callback())),
    "answer_lost": Scenario("the first POST is applied and charged, and its response is lost", post_faults=("lost",)),
    "answer_and_callback_lost": Scenario("response and callback are lost", post_faults=("lost",), callbacks=()),
    "garbage": Scenario("the response of the first, applied POST is a proxy's page", post_faults=("garbage",)),
    "garbage_unapplied": Scenario("as garbage, but the POST was not applied", post_faults=("garbage_unapplied",)),
    "base_video": Scenario("every link leads to the 720p base video", links=("base",)),
    "base_video_once": Scenario("the first link leads to the base video, a fresh one to 4K", links=("base", "uhd")),
    "dead_link": Scenario("the first link is dead, a fresh one works", links=("dead", "uhd")),
    "not_mp4": Scenario("every link leads to a page", links=("page",)),
    "short_body": Scenario("the first download ends early", downloads=("short", "whole")),
    "busy_host": Scenario("the first two downloads are refused with 503", downloads=("busy", "busy", "whole")),
    "page_first": Scenario("the first two downloads are a proxy's page", downloads=("page", "page", "whole")),
    "late_file": Scenario("the file is at its host only at the second download", downloads=("absent", "whole")),
    "blank_encoding": Scenario("the file comes with a blank Content-Encoding", downloads=("blank",)),
    "off_list": Scenario("the true result is on a foreign host", host="https://files.off-list.example"),
    "unfinished_base": Scenario("the base video takes 4 more minutes", refusal="not_finished", refused_minutes=4.0),
    "never_finished_base": Scenario("the base video is never finished", refusal="not_finished"),
    "fallback": Scenario("the base video was made through the fallback path", refusal="fallback"),
    "unknown_task": Scenario("the task does not exist", refusal="unknown"),
    "expired": Scenario("the base task is older than 14 days", refusal="expired"),
    "blank": Scenario("the base task has no result", refusal="blank"),
    "own_id": Scenario("the 4K task has an id of its own", own_id=True),
    "own_id_lost": Scenario("an id of its own, and no callback", own_id=True, callbacks=()),
    "own_id_base_signed": Scenario("an id of its own, and the base id signed", own_id=True, signed_id="task"),
    "no_task_id": Scenario("the response of the POST has no task id", no_task_id=True),
    "plain": Scenario("the callback of the older documentation", callbacks=_payload("plain")),
    "snake_case": Scenario("the callback in snake case", callbacks=_payload("snake_case")),
    "json_string": Scenario("the callback's URLs as a JSON string", callbacks=_payload("json_string")),
    "bare_url": Scenario("the callback's URLs as one string", callbacks=_payload("bare_url")),
    "flat": Scenario("the callback's URLs directly under data", callbacks=_payload("flat")),
    "no_urls": Scenario("the callback reports success without URLs", callbacks=_payload("no_urls")),
    "working_422_callback": Scenario("the callback reports that the task is working", callbacks=_payload("working")),
    "per_index": Scenario("every index is a paid task of its own", keyed_by_index=True),
    "no_index": Scenario("every index is paid and has the same file", keyed_by_index=True, same_bytes=True),
    # The base task and its record.
    "made_in_4k": Scenario("the base video was made in 4K", resolution="4k", base="uhd"),
    "false_4k": Scenario("the record calls the 720p base video 4K", resolution="4k"),
    "base_failed": Scenario("the base task was rejected", base_error=422),
    "base_failed_400": Scenario("the base task was refused for its prompt", base_error=400),
    "base_failed_500": Scenario("the base task failed with a server's error", base_error=500),
    "base_failed_501": Scenario("the generation of the base video failed", base_error=501),
    "one_video": Scenario("the base task has one video", videos=1),
    "two_videos": Scenario("the base task has two videos, each paid by itself", videos=2, keyed_by_index=True),
    "four_videos": Scenario("the base task has four videos", videos=4),
    "extended": Scenario("the base task is an extension, with the whole video in its record", videos=1, extended=True),
    "unavailable_4k": Scenario("there is no 4K version of the base video", refusal="unavailable"),
    "look_500": Scenario("every reading of the base record is answered 500", looks=("server_error",)),
    "look_html": Scenario("every reading of the base record is answered with a page", looks=("page",)),
    "look_unknown": Scenario("the base record is null, and the task exists", looks=("null",)),
    "look_lost": Scenario("the first reading of the base record gets no response", looks=("lost", "true")),
    "look_429": Scenario("the first reading of the base record is refused with 429", looks=("too_frequent", "true")),
    "generated_twice": Scenario(
        "the generation's callback is sent twice", base_callbacks=(Callback(), Callback(delay=0.5))
    ),
    "record_info_null": Scenario("the task does not exist: recordInfo is null", refusal="record_info_null"),
    "record_missing": Scenario("the task does not exist: Record does not exist", refusal="record_missing"),
    "no_generation": Scenario("the task does not exist: No generation found", refusal="no_generation"),
    # Ids of the 4K task.
    "own_id_by_callback": Scenario(
        "the callback is the first to name the own id of the 4K task", own_id=True, names_base_id=True
    ),
    "hidden_record": Scenario(
        "own id, no callback, and no record for 2 minutes", own_id=True, hidden_minutes=2.0, callbacks=()
    ),
    # Requests whose response is lost, and whose repeat is answered in other words. They work until the repeat has come.
    "in_progress": Scenario(
        "the response is lost; then 422 in unknown words", post_faults=("lost",), working="rephrased", minutes=12.0
    ),
    "no_msg": Scenario(
        "the response is lost; then 422 without msg", post_faults=("lost",), working="wordless", minutes=12.0
    ),
    "working_400": Scenario(
        "the response is lost; then 400 processing", post_faults=("lost",), working="bad_request", minutes=12.0
    ),
    "chinese": Scenario("the response is lost; then 422 in Chinese", post_faults=("lost",), chinese=True, minutes=12.0),
    # Refusals in other words and codes.
    "chinese_unfinished_base": Scenario(
        "as unfinished_base, in Chinese", refusal="not_finished", refused_minutes=4.0, chinese=True
    ),
    "chinese_expired": Scenario("as expired, in Chinese", refusal="expired", chinese=True),
    "chinese_unknown_task": Scenario("as unknown_task, in Chinese", refusal="unknown", chinese=True),
    "chinese_blank": Scenario("as blank, in Chinese", refusal="blank", chinese=True),
    "chinese_no_credits": Scenario("the first POST has no credits, in Chinese", post_faults=("no_credits_chinese",)),
    "not_found_404": Scenario("404 in the envelope for 4 minutes", refusal="not_found", refused_minutes=4.0),
    "frequency_430": Scenario("the first POST is refused with 430", post_faults=("too_frequent",)),
    "service_unavailable": Scenario("the service is unavailable for one POST", post_faults=("service_unavailable",)),
    "strange_500": Scenario("the first two POSTs get 500 in unknown words", post_faults=("strange", "strange")),
    "always_strange": Scenario("every POST gets 422 in unknown words, without a task id", refusal="strange"),
    "wrong_parameter": Scenario("every POST gets 500 about a parameter", refusal="wrong_parameter"),
    "blocked_1010": Scenario("the proxy refuses the first POST: 403 error code: 1010", post_faults=("blocked",)),
    # Callbacks that decide nothing, or say it in another way.
    "record_callback": Scenario("the callback has the shape of record-info", callbacks=_payload("record_success")),
    "record_failed_callback": Scenario(
        "the generation fails; the callback is a record, successFlag 3", fails=True, callbacks=_payload("record_failed")
    ),
    "working_400_callback": Scenario("the callback says 400 processing", callbacks=_payload("working_400")),
    "callback_402": Scenario("the callback is about credits", callbacks=_payload("code_402")),
    "callback_408": Scenario("the callback is about a silent upstream", callbacks=_payload("code_408")),
    "callback_429": Scenario("the callback is about the rate limit", callbacks=_payload("code_429")),
    "callback_455": Scenario("the callback is about maintenance", callbacks=_payload("code_455")),
    "callback_not_success": Scenario("the callback says: not success", callbacks=_payload("not_success")),
    "strange_failure": Scenario(
        "the generation fails in unknown words", fails=True, callbacks=_payload("strange_failure")
    ),
    "false_failure": Scenario(
        "own id; the callback reports a failure that is none", own_id=True, callbacks=_payload("strange_failure")
    ),
    # Results in other shapes: in callback, response and record.
    "credits_double": Scenario("the credits are 120.0", credits_as="double"),
    "credits_text": Scenario('the credits are "120"', credits_as="text"),
    "result_url": Scenario("the link is resultUrl", shape="result_url"),
    "full_urls": Scenario("the links are fullResultUrls alone", shape="full_urls"),
    "object_urls": Scenario("the links are objects", shape="objects"),
    "text_with_tail": Scenario("the links are JSON text with a tail", shape="text_with_tail"),
    "data_text": Scenario("data is JSON text", data_as_text=True),
    "no_link": Scenario("success without a link, everywhere", shape="none", own_id=True),
    "unreadable_link": Scenario("success with a result that holds no link", shape="unreadable", own_id=True),
    "new_host": Scenario("the result is on 127.0.0.2", second_address=True),
}
