"""Links to objects: for the bucket's own host in its region, signed with version 4, valid as long as asked."""

from urllib.parse import parse_qs

import pytest

from veo4k.adapters import aws
from veo4k.adapters.links_s3 import S3Links
from veo4k.domain.errors import StorageError

PLACES: list[tuple[dict[str, str], str]] = [
    ({"DEFAULT_REGION": "us-east-1"}, "https://videos.s3.us-east-1.amazonaws.com/a%20b/1.mp4"),
    ({"DEFAULT_REGION": "eu-central-1"}, "https://videos.s3.eu-central-1.amazonaws.com/a%20b/1.mp4"),
    (
        {"DEFAULT_REGION": "us-east-1", "ENDPOINT_URL": "http://127.0.0.1:4566"},
        "http://127.0.0.1:4566/videos/a%20b/1.mp4",
    ),
]


def links(monkeypatch: pytest.MonkeyPatch, **environment: str) -> S3Links:
    for name, value in environment.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    aws._session.cache_clear()
    return S3Links(aws.client.__wrapped__("s3"), "videos")


@pytest.mark.parametrize(("environment", "place"), PLACES)
def test_a_link_names_the_region_and_its_life(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], place: str
) -> None:
    signed = links(monkeypatch, ACCESS_KEY_ID="a", SECRET_ACCESS_KEY="b", **environment)
    link, _, query = signed.sign("a b/1.mp4", 3600).partition("?")
    found = parse_qs(query)
    assert link == place
    assert (found["X-Amz-Algorithm"], found["X-Amz-Expires"]) == (["AWS4-HMAC-SHA256"], ["3600"])


def test_without_credentials_no_link_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    signed = links(
        monkeypatch, DEFAULT_REGION="us-east-1", EC2_METADATA_DISABLED="true", SHARED_CREDENTIALS_FILE="none"
    )
    with pytest.raises(StorageError, match="GetObject: NoCredentialsError"):
        signed.sign("a", 1)
