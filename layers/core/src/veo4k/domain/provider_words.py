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

    def row(self) -> dict[str, Any]:
        """Return the fields that are not empty as plain values, by their names in rows and in log lines."""
        fields = {"providerCode": self.code, "providerMessage": self.message}
        return {name: value for name, value in fields.items() if value not in (None, "")}


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
    """Words that say something, but in a sentence that denies them or a message that speaks of an incident."""

    says: Known
    words: re.Pattern[str]
    denied: re.Pattern[str]
    beside: re.Pattern[str]


def _said(says: Known, words: str, denied: str = r"(?!)", *, beside: str = r"(?!)") -> _Phrase:
    return _Phrase(says, re.compile(words), re.compile(denied), re.compile(beside))


_FAILURE = r"fail|error|exception|unable|cannot|can't|could not|失败|错误|异常|出错"
_BUSY = r"try again|retry|later|busy|overload|maintenance|internal|time-?out|timed out|稍后|重试|繁忙|维护"
_NOW = rf"{_BUSY}|{_FAILURE}|temporar|current|right now|for now|service|upstream|暂时|当前|目前|服务"
_OTHERS = r"\b(?:not|no|nothing|another|other|system|queue|server)\b|n't\b|不|未|没|无|系统|其他|中断|成功率"
_RECORD = r"\brecord(?: ?info)?"
_KNOWN = (
    _said(Known.RATE_LIMITED, r"\bfrequency\b|频率过高|频繁", rf"sampl|audio|frame|{_FAILURE}"),
    _said(Known.NO_CREDITS, r"积分不足", r"并非|不是"),
    _said(
        Known.TOO_OLD,
        r"\bwithin 14 days|(?:older|more) than 14 days|(?<!\d)14 ?天内",
        r"not (?:older|more)",
        beside=rf"{_BUSY}|\b(?:is|still) processing\b|处理中|生成中",
    ),
    _said(Known.NOT_FINISHED, r"\bstatus is not success\b|状态不是成功", r"upstream", beside=_FAILURE),
    _said(
        Known.NO_SUCH_TASK,
        rf"{_RECORD} (?:is null|does not exist|not exist)|\bno generation found(?! a)|^记录(?:为空|不存在)",
        r"积分",
        beside=_NOW,
    ),
    _said(
        Known.NO_RESULT,
        r"record result data (?:is |not |does not )|^no result$|记录结果数据(?:为空|不存在)",
        beside=_NOW,
    ),
    _said(Known.GENERATED, r"\bgenerated successfully\b|生成成功", _OTHERS, beside=_FAILURE),
    _said(Known.PROCESSING, r"\bis (?:\w+ )?processing\b|\bstill processing\b|处理中|生成中", _OTHERS, beside=_FAILURE),
    _said(
        Known.NO_4K,
        r"\b4k version\b.*\b(?:unavailable|not available)\b|4k ?版本不可用"
        r"|\b(?:by|through|via|with) the (?:\w+ )?fallback (?:path|model)|\bfallback (?:tasks|videos)\b",
        r"not unavailable",
        beside=_NOW,
    ),
)
"""In the order in which they are looked up."""
_NEWS = frozenset({Known.GENERATED, Known.PROCESSING})
"""News of the video. What another clause denies is something else: "4k is processing, not ready yet"."""
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|[。;]|(?<=[!?])")
_CLAUSE_END = re.compile(rf"{_SENTENCE_END.pattern}|,|\b(?:and|but)\b")
_CONDITION = re.compile(r"\b(?:if|in case)\b[^,.;]*|(?:如果|若)[^,。;]*")


def known(text: str) -> Known | None:
    """Return what the first known words of a message say; None where nothing in it is known."""
    # Only so much is read: the time for some patterns grows with the square of the text.
    message = " ".join(normalize("NFKC", text[:_MOST_READ]).lower().split())  # has one kind of commas
    statement = _CONDITION.sub("", message)
    sentences = [sentence.strip(" .!?\"'") for sentence in _SENTENCE_END.split(message)]
    clauses = _CLAUSE_END.split(statement)
    for says, words, denied, beside in _KNOWN:
        whole, parts = (statement, clauses) if says in _NEWS else (message, sentences)
        if any(words.search(part) and not denied.search(part) for part in parts) and not beside.search(whole):
            return says
    return None


def words_of(envelope: Mapping[str, Any], code: int) -> Words:
    """Return the words of an envelope."""
    return Words(code, clean(envelope.get("msg")))
