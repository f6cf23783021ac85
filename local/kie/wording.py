"""The provider's other words: how it says that a task is working, and its messages in Chinese."""

import json
from collections.abc import Mapping
from dataclasses import replace

from local.kie.responses import CONDITIONS, REFUSALS, UNAVAILABLE, Envelope
from local.kie.scenario import Scenario

DOCUMENTED = "4k is processing. It should be ready in 5-10 minutes. Please check back shortly."
DONE = "4K Video generated successfully."

WORKING: Mapping[str, Envelope] = {
    "documented": Envelope(422, DOCUMENTED),
    "rephrased": Envelope(422, "4K upgrade in progress, please wait"),
    "wordless": Envelope(422, None),
    "bad_request": Envelope(400, "4K is processing. It should be ready in 5-10 minutes. Please check back shortly."),
}

CHINESE: Mapping[str | None, str] = {
    DOCUMENTED: "4K视频处理中。预计5-10分钟完成。请稍后查看。",
    DONE: "4K视频生成成功。",
    UNAVAILABLE: "该视频的4K版本不可用。请尝试其他视频。",
    CONDITIONS[402].msg: "积分不足。请充值。",
    REFUSALS["unknown"].msg: "记录为空。",
    REFUSALS["expired"].msg: "记录为空。暂时支持14天内的记录。",
    REFUSALS["not_finished"].msg: "记录状态不是成功。",
    REFUSALS["blank"].msg: "记录结果数据为空。",
    REFUSALS["no_such_video"].msg: "记录结果数据不存在。",
}


def written(scenario: Scenario, envelope: Envelope) -> Envelope:
    """Return an envelope as the task's scenario writes it: in its language, and with `data` as it has it."""
    if scenario.chinese:
        envelope = replace(envelope, msg=CHINESE.get(envelope.msg, envelope.msg))
    if scenario.data_as_text and envelope.data is not None:
        envelope = replace(envelope, data=json.dumps(envelope.data))
    return envelope
