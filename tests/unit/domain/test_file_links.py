from typing import Any

import pytest

from veo4k.domain.file_links import file_keys

ARCHIVE = {"bucket": "videos", "key": "videos/task/0/1.mp4"}
BASE = {"bucket": "videos", "key": "videos/task/0/1.base.mp4"}


@pytest.mark.parametrize(
    ("row", "links"),
    [
        ({}, {}),
        ({"archive": ARCHIVE}, {"downloadUrl": ARCHIVE["key"]}),
        ({"archive": ARCHIVE | {"bucket": "another"}}, {}),
        (
            {"archive": ARCHIVE | {"poster": True}, "base": BASE},
            {"downloadUrl": ARCHIVE["key"], "posterUrl": "videos/task/0/1.jpg", "baseUrl": BASE["key"]},
        ),
    ],
)
def test_each_file_in_the_bucket_has_a_link(row: dict[str, Any], links: dict[str, str]) -> None:
    assert file_keys(row, "videos") == links
