"""The provider's words: those that are known, in English and Chinese, and how its words are kept for people.

Sources: the texts of "Get 4K Video" and its sibling pages in both languages, and of recorded responses.
"""

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, NamedTuple
from unicodedata import normalize

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


class _Said(NamedTuple):
    """Sentences that are known as a whole, in a message that holds none of certain other words."""

    says: Known
    sentence: re.Pattern[str]
    unless: re.Pattern[str]


def _said(says: Known, *sentences: str, unless: str = r"(?!)") -> _Said:
    return _Said(says, re.compile(f"(?:{'|'.join(sentences)}){_TAIL}"), re.compile(unless))


_TAIL = r"(?: ?[,:(-] ?(?:please|try|it should|请|预计|\d).*)?"
_IT = r"(?:(?:it|the|this|your|of|4k|1080p|veo|3\.1|video|clip|task|job|request|version|generation|upscale|upgrade) )*"
_IT_IN_CHINESE = r"(?:该|此|您的|你的|的|4k|1080p|高清|超清|视频|任务|请求|版本|升级| )*"
_RECORD = r"(?:the )?record(?: ?info)?"
_FAILURE = r"fail|error|exception|unable|cannot|can't|could not|失败|错误|异常|出错"
_BUSY = (
    r"try again|retry|later|busy|overload|maintenance|internal|exception|time-?out|timed out|稍后|重试|繁忙|维护|异常"
)
_TEMPORARY = rf"{_BUSY}|temporar|current|service|upstream|暂时|当前|目前|服务"
_KNOWN = (
    _said(
        Known.RATE_LIMITED,
        r"(?:your )?(?:api )?(?:call |request )?frequency is too high",
        r"(?:您的|你的)?(?:调用|请求|访问|操作)(?:频率过高|过于频繁|太频繁|频繁)",
    ),
    _said(Known.NO_CREDITS, r"(?:您的|你的|账户|当前|剩余)*积分不足"),
    _said(
        Known.TOO_OLD,
        r"(?:temporarily |only )*supports records within 14 days",
        rf"{_IT}(?:record )?(?:is |was )?(?:created )?(?:older|more) than 14 days(?: old| ago)?",
        r"(?:暂时|仅|只)*支持 ?14 ?天内的记录",
        unless=_BUSY,
    ),
    _said(Known.NOT_FINISHED, rf"{_RECORD} status is not success", r"记录状态不是成功"),
    _said(
        Known.NO_SUCH_TASK,
        rf"{_RECORD} (?:is null|does not exist|not exist)",
        r"no generation found(?: for .*)?",
        r"记录(?:为空|不存在)",
        unless=_TEMPORARY,
    ),
    _said(
        Known.NO_RESULT,
        r"(?:the )?record result data (?:is blank|is empty|is null|not exist|does not exist)",
        r"no result",
        r"记录结果数据(?:为空|不存在)",
        unless=_TEMPORARY,
    ),
    _said(
        Known.GENERATED,
        rf"{_IT}(?:has been |was |is )?generated successfully",
        rf"{_IT_IN_CHINESE}已?生成成功",
        unless=_FAILURE,
    ),
    _said(
        Known.PROCESSING,
        rf"{_IT}is (?:still )?processing",
        rf"{_IT_IN_CHINESE}(?:正在|仍在|还在)?(?:处理|生成)中",
        unless=_FAILURE,
    ),
    _said(
        Known.NO_4K,
        r"(?:the )?4k version(?: of (?:this|the|your) video)? is (?:unavailable|not available)",
        r"(?:该|此|您的|你的)?(?:视频)?的?4k ?版本不可用",
        r"fallback (?:tasks|videos) are not supported",
        r"tasks of the fallback path have no 4k version",
        r".*\bwas (?:made|generated|created) (?:by|through|via|with) the (?:\w+ )?fallback (?:path|model)",
        unless=_TEMPORARY,
    ),
)
"""In the order in which they are looked up. A sentence counts as a whole: in a part of it may be the opposite."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|[。;]|(?<=[!?])")


def known(text: str) -> Known | None:
    """Return what the first known sentences in a message say; None where nothing in it is known."""
    message = " ".join(normalize("NFKC", text).lower().split())  # with one kind of commas, whatever the language
    sentences = [sentence.strip(" .!?\"'") for sentence in _SENTENCE_END.split(message)]
    for says, sentence, unless in _KNOWN:
        if any(map(sentence.fullmatch, sentences)) and not unless.search(message):
            return says
    return None


def words_of(envelope: Mapping[str, Any], code: int) -> Words:
    """Return the words of an envelope."""
    return Words(code, clean(envelope.get("msg")))
