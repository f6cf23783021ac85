"""The provider's words: those that are known, in English and Chinese, and how its words are kept for people.

Sources: the texts of "Get 4K Video" and its sibling pages in both languages, and of recorded responses.
"""

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

LONGEST_MESSAGE = 300  # bytes
_MOST_READ = 2000

_LINK = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s/?#\"'<>@]*@)?([^\s/?#\"'<>@]{1,255})[^\s\"'<>]*")
_QUERY = re.compile(r"[?&#][\w.~%-]{1,64}=\S*")
_BEARER = re.compile(r"(?i)\b(bearer )\S+")
_ENCODED = re.compile(r"(?i)[a-z]*%3a%2f%2f[^\s\"'<>]*|%(?:3f|26|23)[\w.~-]{1,64}%3d\S*")
_NAMED_SECRET = re.compile(
    r"(?i)\b(\w*(?:key|token|secret|signature|password|authorization)[\\\"']*\s*[=:]\s*[\\\"']*)\S+"
)
_OPAQUE = re.compile(r"(?=[\w+/=.~-]*[0-9])[\w+/=.~-]{20,}|[\w+/=.~-]{40,}", re.ASCII)
_SECRETS = (
    *((_LINK, r"\1\2/…"), (_ENCODED, "…"), (_QUERY, "…")),
    *((_BEARER, r"\1…"), (_NAMED_SECRET, r"\1…"), (_OPAQUE, "…")),
)


class Words(NamedTuple):
    """What the provider said: the code of its envelope, and its message as `clean` leaves it."""

    code: int | None = None
    message: str = ""


NO_WORDS = Words()


def clean(text: object) -> str:
    """Return a message fit for logs, rows and terminals: one line, 300 bytes at most.

    Control and direction characters go, and so does whatever may be secret: the path and the query of links, values
    named as keys or tokens, and long strings of letters and digits.
    """
    # Only so much is searched for secrets: the time for that grows with the square of a word's length.
    seen = (one if one.isprintable() else " " for one in (text[:_MOST_READ] if isinstance(text, str) else ""))
    line = " ".join("".join(seen).split())
    for pattern, instead in _SECRETS:
        line = pattern.sub(instead, line)
    return line.encode()[:LONGEST_MESSAGE].decode(errors="ignore")


class Known(Enum):
    """What known words say."""

    RATE_LIMITED = auto()
    NO_CREDITS = auto()
    TOO_OLD = auto()
    NOT_FINISHED = auto()
    NO_SUCH_TASK = auto()
    NO_RESULT = auto()
    GENERATED = auto()
    PROCESSING = auto()
    NO_4K = auto()


class _Phrase(NamedTuple):
    says: Known
    all_of: tuple[str, ...]
    none_of: tuple[str, ...] = ()


_TEMPORARY = ("temporarily", "currently", "service", "try again", "later", "暂时", "当前", "服务", "稍后")
_PHRASES = (
    *(_Phrase(Known.RATE_LIMITED, (words,)) for words in ("frequency", "频繁")),
    _Phrase(Known.NO_CREDITS, ("积分不足",)),
    *(_Phrase(Known.TOO_OLD, (words,)) for words in ("14 days", "14天", "14 天")),
    *(_Phrase(Known.NOT_FINISHED, (words,)) for words in ("not success", "不是成功")),
    *(
        _Phrase(Known.NO_SUCH_TASK, (words,))
        for words in (
            "record is null",
            "recordinfo is null",
            "record info is null",
            "record does not exist",
            "record not exist",
            "no generation found",
            "记录为空",
            "记录不存在",
        )
    ),
    *(_Phrase(Known.NO_RESULT, (words,)) for words in ("record result data", "记录结果数据")),
    _Phrase(
        Known.NO_RESULT, ("no result",), (*_TEMPORARY, "upstream", "returned")
    ),  # "not returned for 10 minutes": 408
    *(_Phrase(Known.GENERATED, (words,)) for words in ("generated successfully", "生成成功")),
    *(_Phrase(Known.PROCESSING, (words,)) for words in ("is processing", "处理中", "生成中")),
    _Phrase(Known.NO_4K, ("4k version", "unavailable"), _TEMPORARY),
    _Phrase(Known.NO_4K, ("4k版本", "不可用"), _TEMPORARY),
    _Phrase(Known.NO_4K, ("fallback",), _TEMPORARY),
)
"""In the order in which they are looked up. "Later", "check back" and "not ready" alone mean nothing."""


def known(text: str) -> Known | None:
    """Return what the first known phrase of a text says; None where nothing in it is known."""
    small = " ".join(text.lower().replace("4k 版本", "4k版本").split())
    for phrase in _PHRASES:
        if all(word in small for word in phrase.all_of) and not any(word in small for word in phrase.none_of):
            return phrase.says
    return None


def words_of(envelope: Mapping[str, Any], code: int) -> Words:
    """Return the words of an envelope."""
    return Words(code, clean(envelope.get("msg")))
