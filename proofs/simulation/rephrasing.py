"""A provider that rephrases: the same truth in unknown words, in Chinese, under another code, spelt otherwise."""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from veo4k.domain.response import HttpResponse

Envelope = dict[str, Any]

_CHINESE = {
    "4k is processing": "4K 正在处理中，请等待",
    "generated successfully": "视频生成成功",
    "record is null": "记录为空。",
    "14 days": "记录为空。暂时支持14天内的记录。",
    "not success": "记录状态不是成功。",
    "too many requests": "您的调用频率过高，请求过于频繁",
    "insufficient credits": "积分不足",
}
DENIALS = (
    "The request was not successful, please retry.",
    "4K video could not be generated successfully.",
    "All fallback channels are busy, please retry",
    "Failed while the video is processing",
    "The 4K version of this video is unavailable right now",
    "The results of the last 14 days cannot be read",
    "Internal error. Record is null.",
    "视频生成中断",
)
"""Words of an incident that hold known words, and say something else."""
NEWS = (
    "4K is processing, not ready yet. Please check back shortly.",
    "4k is processing, please do not submit again.",
    "4k is processing. You will be notified if it fails.",
    "4K视频生成中,请不要重复请求",
)
"""Words of a video that is being made, with a denial of something else."""
_UNKNOWN = (
    "4K upgrade in progress, please wait",
    "稍后再试",
    "Please check back later",
    "E-1207",
    "not ready",
    *DENIALS,
)
_CODES = (400, 408, 420, 500, 502, 550)


def rephrased(response: HttpResponse, random: Random) -> HttpResponse:
    """Return a response with the same truth, said otherwise; one without an envelope stays as it is."""
    try:
        envelope = json.loads(response.body)
    except ValueError:
        return response
    return HttpResponse(response.status, json.dumps(rephrase(envelope, random), ensure_ascii=False).encode())


def rephrase(envelope: Envelope, random: Random) -> Envelope:
    """Return the same truth, said otherwise. A result stays a result, whatever its links look like."""
    is_result = envelope.get("code") == 200 or "https://" in json.dumps(envelope)
    return random.choice(_OF_A_SUCCESS if is_result else _OF_THE_REST)(dict(envelope), random)


def _in_chinese(envelope: Envelope, _: Random) -> Envelope:
    small = str(envelope.get("msg")).lower()
    return envelope | {"msg": next((chinese for known, chinese in _CHINESE.items() if known in small), small)}


def _in_unknown_words(envelope: Envelope, random: Random) -> Envelope:
    return envelope | {"msg": random.choice(_UNKNOWN)}


def _under_another_code(envelope: Envelope, random: Random) -> Envelope:
    return _in_unknown_words(envelope, random) | {"code": random.choice(_CODES)}


def _status_as_success(envelope: Envelope, _: Random) -> Envelope:
    is_status = "is processing" in str(envelope.get("msg")) or "generated successfully" in str(envelope.get("msg"))
    return envelope | ({"code": 200} if is_status else {})


def _without_words(envelope: Envelope, _: Random) -> Envelope:
    return {name: value for name, value in envelope.items() if name != "msg"}


def _code_spelt_otherwise(envelope: Envelope, random: Random) -> Envelope:
    return envelope | {"code": random.choice((float, str))(envelope["code"])}


def _data_as_text(envelope: Envelope, random: Random) -> Envelope:
    return envelope | {"data": json.dumps(envelope.get("data")) + random.choice(("", " trailing"))}


def _links_spelt_otherwise(envelope: Envelope, random: Random) -> Envelope:
    spell = random.choice(_SPELLINGS)
    return {name: _each_link_list(value, spell) for name, value in envelope.items()}


def _each_link_list(value: Any, spell: Callable[[list[str]], Mapping[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_each_link_list(one, spell) for one in value]
    if not isinstance(value, dict):
        return value
    spelt: dict[str, Any] = {}
    for name, held in value.items():
        if name in ("resultUrls", "result_urls") and isinstance(held, list):
            spelt |= spell(held)
        else:
            spelt[name] = _each_link_list(held, spell)
    return spelt


_SPELLINGS: tuple[Callable[[list[str]], Mapping[str, Any]], ...] = (
    lambda links: {"resultUrl": links[0]},
    lambda links: {"fullResultUrls": links},
    lambda links: {"resultUrls": [{"url": link} for link in links]},
    lambda links: {"result_urls": json.dumps(links) + "\n"},
    lambda links: {"resultUrls": [f"  {link} " for link in links]},
    lambda links: {"resultUrls": [link.replace("https://f", "HTTPS://F", 1) for link in links]},
    lambda links: {"resultUrls": None, "output": {"resultUrls": links}},
)

_OF_A_SUCCESS = (
    *(_in_chinese, _in_unknown_words, _without_words, _code_spelt_otherwise, _data_as_text),
    *(_links_spelt_otherwise,) * 3,
)
_OF_THE_REST = (
    *(_in_chinese, _in_unknown_words, _under_another_code, _status_as_success, _without_words),
    _code_spelt_otherwise,
)
