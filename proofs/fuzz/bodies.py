"""Invalid bodies: nearly right for either provider API, of the right names, deep, torn, or noise."""

import json
from collections.abc import Callable, Mapping
from random import Random

from veo4k.domain.payload import whole

TASK = "veo-task-fuzz"
OWN = "own_4k_fuzz_0001"
CODES = (200, 200, 400, 401, 402, 404, 408, 422, 422, 429, 430, 433, 455, 500, 501, 505, 550, "200", True, 200.0, None)
WORDS = (
    "4k is processing",
    "generated successfully",
    "record is null.",
    "the 4k version of this video is unavailable",
    "record status is not success",
    "temporarily supports records within 14 days",
    "check back later",
    "记录状态不是成功。",
    "4K视频处理中",
    "call frequency is too high",
    "é",
)
LINK = "https://file.aiquickdraw.com/v/1.mp4"
LINKS = (LINK, "http://169.254.169.254/", "https://evil.example/4k.mp4", "https://file.aiquickdraw.com@evil.example/")
STATES = ("waiting", "queuing", "generating", "success", "fail", "done", "")
VALUES: tuple[object, ...] = (
    *(None, True, False, 0, 1, -1, 3, 200, 422, 500, 1.5, 1e400, 10**30, "", "x" * 70, [], {}, [None]),
    *("[", '{"resultUrls": ["' + LINK + '"]}', '["' + LINK + '"]', TASK, OWN, *LINKS, *WORDS, *STATES),
)
NAMES = (
    *("code", "msg", "data", "taskId", "task_id", "info", "resultUrls", "result_urls", "imageUrls", "response"),
    *("successFlag", "errorMessage", "state", "resultJson", "failCode", "failMsg", "creditsConsumed"),
    *("resultUrl", "fullResultUrls", "url"),
)


def any_json(random: Random, depth: int = 3) -> object:
    """Make a value of the names and values that matter."""
    if depth and random.random() < 0.6:
        return {random.choice(NAMES): any_json(random, depth - 1) for _ in range(random.randrange(6))}
    if random.random() < 0.2:
        return [random.choice(VALUES) for _ in range(random.randrange(4))]
    return random.choice(VALUES)


def _veo(random: Random) -> bytes:
    return _enveloped(
        random, random.choice((None, {"taskId": TASK, "resultUrls": [any_json(random, 1)]}, any_json(random)))
    )


def _jobs(random: Random) -> bytes:
    result = random.choice((json.dumps({"resultUrls": [random.choice(LINKS)]}), "", "{", any_json(random)))
    failure = {"failCode": random.choice(CODES), "failMsg": random.choice(WORDS)}
    return _enveloped(random, {"taskId": OWN, "state": random.choice(STATES), "resultJson": result} | failure)


def _enveloped(random: Random, data: object) -> bytes:
    return json.dumps({"code": random.choice(CODES), "msg": random.choice(WORDS), "data": data}).encode()


LOOSE = (b'{"code":200,"code":500,"data":NaN}', b'{"code":200,}', b"\xff\xfe{}", b'{"code":' + b"9" * 5000 + b"}")
KINDS: tuple[Callable[[Random], bytes], ...] = (
    lambda random: random.randbytes(random.randrange(200)),
    lambda random: random.choice((b"[", b'{"data":')) * random.choice((10, 5000)) + b"1",
    lambda random: random.choice(LOOSE),
    lambda random: json.dumps(any_json(random)).encode(),
    *(_veo, _veo, _jobs, _jobs),
)


def any_body(random: Random) -> bytes:
    """Make a body, some of its bytes changed now and then."""
    body = bytearray(random.choice(KINDS)(random))
    for _ in range(random.choice((0, 0, 1, 4)) if body else 0):
        body[random.randrange(len(body))] = random.randrange(256)
    return bytes(body)


def any_generation(random: Random) -> bytes:
    """Make the body of a generation's callback, with a list of links that may be anything."""
    urls = random.choice(([random.choice(LINKS)] * random.randrange(7), any_json(random, 1)))
    return _enveloped(random, {"taskId": TASK, "info": {"resultUrls": urls, "resolution": "720p"}})


def is_nonsense(body: bytes) -> bool:
    """Return whether a body is no envelope, so that nothing in it may be believed."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return True
    return not isinstance(value, Mapping) or whole(value.get("code")) is None
