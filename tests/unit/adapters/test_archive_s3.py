import threading
import time
import tracemalloc
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.unit.adapters.fake_s3 import BUCKET, FakeS3, S3Error
from veo4k.adapters.archive_s3 import BUFFERS, CONNECTIONS, PART_BYTES, S3Archive
from veo4k.domain.errors import DownloadError, StorageError

KEY = "videos/veo_task_1/0/2.mp4"
TAGS = {"taskId": "veo_task_1", "index": "0", "run": "2"}
CHUNK = 100_003  # divides nothing
LONG = 2 * PART_BYTES + 12_345
REFUSED = S3Error("AccessDenied", 403)
STEPS = ["create_multipart_upload", "upload_part", "complete_multipart_upload"]


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


@pytest.fixture
def forgetful() -> FakeS3:
    """Return an S3 that does not keep the bytes of parts."""
    return FakeS3(keeps=False)


def file_of(size: int) -> bytes:
    """Return a file no two parts of which are alike."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def store(s3: FakeS3, size: int, *, chunk: int = CHUNK, attempts: int = 1) -> None:
    file = file_of(size)
    with S3Archive(s3.client(attempts), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        for start in range(0, size, chunk):
            upload.write(file[start : start + chunk])
        upload.complete()


def abandon(s3: FakeS3, size: int, error: Exception | None = None) -> None:
    """Write so much, then leave without having completed it."""
    with S3Archive(s3.client(), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        upload.write(file_of(size))
        if error:
            raise error


@pytest.mark.parametrize(
    ("size", "parts", "chunk"),
    [
        (PART_BYTES + 1, 2, CHUNK),
        (2 * PART_BYTES, 2, CHUNK),
        (LONG, 3, LONG),
        (4 * PART_BYTES + 1, 5, CHUNK),
    ],
)
def test_a_file_of_many_parts_arrives_with_its_checksum_in_full_parts(
    s3: FakeS3, size: int, parts: int, chunk: int
) -> None:
    store(s3, size, chunk=chunk)
    stored = s3.objects[KEY]
    assert stored.body == file_of(size)
    assert stored.headers["x-amz-checksum-algorithm"] == "CRC32"
    assert stored.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    assert s3.uploads == {}
    assert s3.calls == ["create_multipart_upload", *["upload_part"] * parts, "complete_multipart_upload"]


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES])
def test_a_file_of_one_part_is_one_request(s3: FakeS3, size: int) -> None:
    store(s3, size)
    assert s3.objects[KEY].body == file_of(size)
    assert s3.calls == ["put_object"]


@pytest.mark.parametrize("size", [10, LONG])
def test_type_name_and_tags_are_the_objects_from_the_beginning(s3: FakeS3, size: int) -> None:
    store(s3, size)
    headers = s3.objects[KEY].headers
    assert headers["content-type"] == "video/mp4"
    assert headers["content-disposition"] == 'attachment; filename="veo_task_1-0-2.mp4"'
    assert parse_qs(headers["x-amz-tagging"]) == {name: [value] for name, value in TAGS.items()}


@pytest.mark.parametrize("size", [0, 10, PART_BYTES, LONG])
def test_an_upload_left_without_complete_leaves_nothing(s3: FakeS3, size: int) -> None:
    abandon(s3, size)
    with pytest.raises(DownloadError, match="short"):
        abandon(s3, size, DownloadError("short"))
    assert (s3.objects, s3.uploads) == ({}, {})


class Hold:
    """Holds parts back until the gate is opened, and counts those under way."""

    def __init__(self) -> None:
        self.gate, self.under_way, self.most = threading.Event(), 0, 0

    def __call__(self, operation: str) -> None:
        if operation == "upload_part":
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            assert self.gate.wait(5)
            self.under_way -= 1


def test_an_abort_waits_for_the_parts_on_their_way(s3: FakeS3) -> None:
    s3.during = hold = Hold()
    with S3Archive(s3.client(), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        upload.write(file_of(LONG))
        threading.Timer(0.1, hold.gate.set).start()
    assert s3.calls == ["create_multipart_upload", "upload_part", "upload_part", "abort_multipart_upload"]


def test_parts_are_filled_while_others_are_sent_as_far_as_buffers_allow(forgetful: FakeS3) -> None:
    forgetful.during = hold = Hold()
    written, most = 0, BUFFERS * PART_BYTES
    with S3Archive(forgetful.client(), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:

        def write() -> None:
            nonlocal written
            for _ in range(5 * 16):
                upload.write(bytes(PART_BYTES // 16))
                written += PART_BYTES // 16

        writer = threading.Thread(target=write)
        writer.start()
        deadline = time.monotonic() + 5
        while (written < most or hold.most < CONNECTIONS) and time.monotonic() < deadline:
            time.sleep(0.01)
        writer.join(0.1)
        held = written
        hold.gate.set()
        writer.join()
    assert (held, hold.most) == (most, CONNECTIONS)


def test_memory_does_not_grow_with_the_file(forgetful: FakeS3) -> None:
    client, chunk = forgetful.client(), bytes(1 << 20)
    tracemalloc.start()
    with S3Archive(client, BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        for _ in range(128):
            upload.write(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The double copies each part it is checking, which no network does.
    assert peak < (BUFFERS + CONNECTIONS) * PART_BYTES + (2 << 20)
    assert BUFFERS * PART_BYTES == 48 << 20


@pytest.mark.parametrize(("operation", "size"), [("put_object", 3), *((step, LONG) for step in STEPS)])
def test_a_refused_request_is_a_storage_error_and_leaves_nothing(s3: FakeS3, operation: str, size: int) -> None:
    s3.fails[operation] = [REFUSED]
    with pytest.raises(StorageError, match="AccessDenied"):
        store(s3, size)
    assert (s3.objects, s3.uploads) == ({}, {})


def test_a_refused_part_ends_a_long_upload_before_its_end(forgetful: FakeS3) -> None:
    forgetful.fails["upload_part"] = [REFUSED]
    with pytest.raises(StorageError):
        store(forgetful, 8 * PART_BYTES)
    # Of the parts sent side by side any may be the refused one; it is noticed when its buffer is wanted again.
    assert forgetful.calls.count("upload_part") < BUFFERS + CONNECTIONS
    assert forgetful.uploads == {}


@pytest.mark.parametrize("size", [10, LONG])
def test_what_is_damaged_on_its_way_does_not_arrive(s3: FakeS3, size: int) -> None:
    s3.arriving = lambda body: body[:-1] + bytes([body[-1] ^ 1])
    with pytest.raises(StorageError, match="BadDigest"):
        store(s3, size)
    assert (s3.objects, s3.uploads) == ({}, {})


@pytest.mark.parametrize("operation", STEPS)
def test_a_hiccup_is_tried_again(s3: FakeS3, operation: str) -> None:
    s3.fails[operation] = [S3Error("InternalError", 500)]
    store(s3, LONG, attempts=2)
    assert s3.objects[KEY].body == file_of(LONG)


def test_an_upload_completed_despite_a_lost_response_leaves_no_stray_parts(s3: FakeS3) -> None:
    s3.loses = {"complete_multipart_upload"}
    with pytest.raises(StorageError, match="InternalError"):
        store(s3, LONG)
    assert s3.calls[-1] == "abort_multipart_upload"
    assert s3.uploads == {}


def test_an_abort_that_fails_is_an_error_unless_there_was_one_before(s3: FakeS3) -> None:
    s3.fails["abort_multipart_upload"] = [REFUSED, REFUSED]
    with pytest.raises(StorageError, match="AccessDenied"):
        abandon(s3, LONG)
    with pytest.raises(DownloadError, match="short"):
        abandon(s3, LONG, DownloadError("short"))


def test_strays_of_the_key_begun_before_the_time_are_aborted(s3: FakeS3) -> None:
    for begun in (10.0, 20.0, 30.0, 40.0, 50.0):
        s3.begin(KEY, {}, begun)
        s3.begin(f"{KEY}.part", {}, begun)
    assert S3Archive(s3.client(), BUCKET).abort_strays(KEY, 40.0) == 3
    assert [upload.begun for upload in s3.uploads.values() if upload.key == KEY] == [40.0, 50.0]
    assert len([upload for upload in s3.uploads.values() if upload.key != KEY]) == 5


def test_a_stray_that_another_has_aborted_is_as_good(s3: FakeS3) -> None:
    archive = S3Archive(s3.client(), BUCKET)
    assert archive.abort_strays(KEY, 40.0) == 0
    assert s3.calls == ["list_multipart_uploads"]
    s3.begin(KEY, {}, 10.0)
    s3.fails["abort_multipart_upload"] = [S3Error("NoSuchUpload", 404)]
    assert archive.abort_strays(KEY, 40.0) == 1


def test_a_small_object_is_stored_whole_with_its_type_and_checksum(s3: FakeS3) -> None:
    S3Archive(s3.client(), BUCKET).put("videos/veo_task_1/0/2.jpg", b"poster", "image/jpeg")
    stored = s3.objects["videos/veo_task_1/0/2.jpg"]
    assert stored.body == b"poster"
    assert stored.headers["content-type"] == "image/jpeg"
    assert stored.headers["x-amz-checksum-crc32"]


CALLS: dict[str, Callable[[S3Archive], object]] = {
    "put_object": lambda archive: archive.put(KEY, b"", "image/jpeg"),
    "list_multipart_uploads": lambda archive: archive.abort_strays(KEY, 1.0),
    "abort_multipart_upload": lambda archive: archive.abort(KEY, "1"),
}
FAILURES = [
    REFUSED,
    S3Error("SlowDown", 503),
    EndpointConnectionError(endpoint_url="https://archive.s3.amazonaws.com/?uploadId=secret"),
    ReadTimeoutError(endpoint_url="https://archive.s3.amazonaws.com/?uploadId=secret"),
]


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_fails_is_a_storage_error_that_shows_no_query(s3: FakeS3, operation: str, failure: Exception) -> None:
    s3.fails[operation] = [failure]
    with pytest.raises(StorageError) as raised:
        CALLS[operation](S3Archive(s3.client(), BUCKET))
    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__
