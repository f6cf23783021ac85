import threading
import tracemalloc
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.unit.adapters.fake_s3 import BUCKET, FakeS3, S3Error
from veo4k.adapters.archive_s3 import BUFFERS, CONNECTIONS, PART_BYTES, S3Archive
from veo4k.domain.errors import DownloadError, StorageError

KEY = "videos/veo_task_1/0/2.mp4"
TAGS = {"taskId": "veo_task_1", "index": "0", "run": "2"}
CHUNK = 100_003  # divides nothing
LONG = 2 * PART_BYTES + 12_345
REFUSED = S3Error("AccessDenied", 403)


def file_of(size: int) -> bytes:
    """Return a file no two parts of which are alike."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def store(s3: FakeS3, file: bytes, attempts: int = 1) -> None:
    with S3Archive(s3.client(attempts), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        for start in range(0, len(file), CHUNK):
            upload.write(file[start : start + CHUNK])
        upload.complete()


def abandon(s3: FakeS3, size: int) -> None:
    """Write so much, then find out that it was not all."""
    with S3Archive(s3.client(), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        upload.write(file_of(size))
        raise DownloadError("short")


@pytest.mark.parametrize("size", [PART_BYTES + 1, 2 * PART_BYTES, LONG, 5 * PART_BYTES + 1])
def test_a_file_of_many_parts_arrives_as_it_was_written(size: int) -> None:
    s3 = FakeS3()
    store(s3, file_of(size))
    assert s3.objects[KEY].body == file_of(size)
    assert s3.uploads == {}


def test_a_chunk_may_be_longer_than_parts() -> None:
    s3 = FakeS3()
    with S3Archive(s3.client(), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        upload.write(file_of(LONG))
        upload.complete()
    assert s3.objects[KEY].body == file_of(LONG)


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES])
def test_a_file_of_one_part_is_one_request(size: int) -> None:
    s3 = FakeS3()
    store(s3, file_of(size))
    assert s3.objects[KEY].body == file_of(size)
    assert s3.calls == ["put_object"]


def test_every_part_but_the_last_is_a_paid_request_of_full_size() -> None:
    s3 = FakeS3()
    store(s3, file_of(LONG))
    assert s3.calls == ["create_multipart_upload", *["upload_part"] * 3, "complete_multipart_upload"]


@pytest.mark.parametrize("size", [10, LONG])
def test_type_name_and_tags_are_the_objects_from_the_beginning(size: int) -> None:
    s3 = FakeS3()
    store(s3, file_of(size))
    headers = s3.objects[KEY].headers
    assert headers["content-type"] == "video/mp4"
    assert headers["content-disposition"] == 'attachment; filename="veo_task_1-0-2.mp4"'
    assert parse_qs(headers["x-amz-tagging"]) == {name: [value] for name, value in TAGS.items()}


def test_the_checksum_kept_is_that_of_the_whole_file() -> None:
    s3 = FakeS3()
    store(s3, file_of(LONG))
    headers = s3.objects[KEY].headers
    assert (headers["x-amz-checksum-algorithm"], headers["x-amz-checksum-type"]) == ("CRC32", "FULL_OBJECT")


@pytest.mark.parametrize("size", [0, 10, PART_BYTES, LONG])
def test_an_upload_left_without_complete_leaves_nothing(size: int) -> None:
    s3 = FakeS3()
    with S3Archive(s3.client(), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        upload.write(file_of(size))
    assert (s3.objects, s3.uploads) == ({}, {})


@pytest.mark.parametrize("size", [10, LONG])
def test_an_error_in_between_leaves_nothing_and_passes(size: int) -> None:
    s3 = FakeS3()
    with pytest.raises(DownloadError, match="short"):
        abandon(s3, size)
    assert (s3.objects, s3.uploads) == ({}, {})


class SlowS3(FakeS3):
    """Parts arrive when the test lets them."""

    def __init__(self) -> None:
        super().__init__(keeps=False)
        self.gate, self.under_way, self.most = threading.Event(), 0, 0

    def during(self, operation: str) -> None:
        """Hold a part back."""
        if operation == "upload_part":
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            assert self.gate.wait(5)
            self.under_way -= 1


def test_an_abort_waits_for_the_parts_on_their_way() -> None:
    s3 = SlowS3()
    threading.Timer(0.1, s3.gate.set).start()
    with S3Archive(s3.client(), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        upload.write(file_of(LONG))
    assert s3.calls == ["create_multipart_upload", "upload_part", "upload_part", "abort_multipart_upload"]


def test_parts_are_filled_while_others_are_sent_as_far_as_buffers_allow() -> None:
    s3 = SlowS3()
    written = 0
    with S3Archive(s3.client(), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:

        def write() -> None:
            nonlocal written
            for _ in range(5 * 16):
                upload.write(bytes(PART_BYTES // 16))
                written += PART_BYTES // 16

        writer = threading.Thread(target=write)
        writer.start()
        writer.join(0.3)
        held = written
        s3.gate.set()
        writer.join()
    assert held == BUFFERS * PART_BYTES
    assert s3.most == CONNECTIONS


def test_memory_does_not_grow_with_the_file() -> None:
    client = FakeS3(keeps=False).client()
    chunk = bytes(1 << 20)
    tracemalloc.start()
    with S3Archive(client, BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        for _ in range(200):
            upload.write(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The double copies each part it is checking, which no network does.
    assert peak < (BUFFERS + CONNECTIONS) * PART_BYTES + (2 << 20)
    assert BUFFERS * PART_BYTES == 48 << 20


@pytest.mark.parametrize("operation", ["create_multipart_upload", "upload_part", "complete_multipart_upload"])
def test_a_refused_request_is_a_storage_error_and_leaves_nothing(operation: str) -> None:
    s3 = FakeS3()
    s3.fails[operation] = [REFUSED]
    with pytest.raises(StorageError, match="AccessDenied"):
        store(s3, file_of(LONG))
    assert (s3.objects, s3.uploads) == ({}, {})


def test_a_refused_part_ends_a_long_upload_before_its_end() -> None:
    s3 = FakeS3(keeps=False)
    s3.fails["upload_part"] = [REFUSED]
    with pytest.raises(StorageError):
        store(s3, file_of(12 * PART_BYTES))
    # Of the parts sent side by side any may be the refused one; it is noticed when its buffer is wanted again.
    assert s3.calls.count("upload_part") < BUFFERS + CONNECTIONS
    assert s3.uploads == {}


def test_a_refused_small_file_is_a_storage_error() -> None:
    s3 = FakeS3()
    s3.fails["put_object"] = [REFUSED]
    with pytest.raises(StorageError):
        store(s3, b"abc")
    assert s3.calls == ["put_object"]


class DamagingS3(FakeS3):
    """The last byte of every body arrives changed."""

    def arriving(self, body: bytes) -> bytes:
        """Change the last byte."""
        return body[:-1] + bytes([body[-1] ^ 1])


@pytest.mark.parametrize("size", [10, LONG])
def test_what_is_damaged_on_its_way_does_not_arrive(size: int) -> None:
    s3 = DamagingS3()
    with pytest.raises(StorageError, match="BadDigest"):
        store(s3, file_of(size))
    assert (s3.objects, s3.uploads) == ({}, {})


@pytest.mark.parametrize("operation", ["create_multipart_upload", "upload_part", "complete_multipart_upload"])
def test_a_hiccup_is_tried_again(operation: str) -> None:
    s3 = FakeS3()
    s3.fails[operation] = [S3Error("InternalError", 500)]
    store(s3, file_of(LONG), attempts=2)
    assert s3.objects[KEY].body == file_of(LONG)


class ForgetfulS3(FakeS3):
    """Completes uploads, but its answers are lost."""

    def complete_multipart_upload(self, request: AWSPreparedRequest, query: dict[str, str]) -> str:
        """Complete, and answer with an error."""
        super().complete_multipart_upload(request, query)
        raise S3Error("InternalError", 500)


def test_an_upload_completed_despite_a_lost_response_leaves_no_stray_parts() -> None:
    s3 = ForgetfulS3()
    with pytest.raises(StorageError, match="InternalError"):
        store(s3, file_of(LONG))
    assert s3.calls[-1] == "abort_multipart_upload"
    assert s3.uploads == {}


def test_an_abort_that_fails_is_a_storage_error() -> None:
    s3 = FakeS3()
    s3.fails["abort_multipart_upload"] = [REFUSED]
    with pytest.raises(StorageError), S3Archive(s3.client(), BUCKET).upload(KEY, "video/mp4", TAGS) as upload:
        upload.write(file_of(LONG))


def test_an_abort_that_fails_does_not_hide_what_went_wrong_first() -> None:
    s3 = FakeS3()
    s3.fails["abort_multipart_upload"] = [REFUSED]
    with pytest.raises(DownloadError, match="short"):
        abandon(s3, LONG)


def test_strays_of_the_key_begun_before_the_time_are_aborted() -> None:
    s3 = FakeS3()
    for begun in (10.0, 20.0, 30.0, 40.0, 50.0):
        s3.begin(KEY, begun)
        s3.begin(f"{KEY}.part", begun)
    assert S3Archive(s3.client(), BUCKET).abort_strays(KEY, 40.0) == 3
    assert [upload.begun for upload in s3.uploads.values() if upload.key == KEY] == [40.0, 50.0]
    assert len([upload for upload in s3.uploads.values() if upload.key != KEY]) == 5


def test_without_strays_nothing_is_aborted() -> None:
    s3 = FakeS3()
    assert S3Archive(s3.client(), BUCKET).abort_strays(KEY, 40.0) == 0
    assert s3.calls == ["list_multipart_uploads"]


def test_a_stray_that_another_has_aborted_is_as_good() -> None:
    s3 = FakeS3()
    s3.begin(KEY, 10.0)
    s3.fails["abort_multipart_upload"] = [S3Error("NoSuchUpload", 404)]
    assert S3Archive(s3.client(), BUCKET).abort_strays(KEY, 40.0) == 1


def test_a_small_object_is_stored_whole_with_its_type_and_checksum() -> None:
    s3 = FakeS3()
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


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize(
    "failure",
    [
        REFUSED,
        S3Error("SlowDown", 503),
        EndpointConnectionError(endpoint_url="https://archive.s3.amazonaws.com/?uploadId=secret"),
        ReadTimeoutError(endpoint_url="https://archive.s3.amazonaws.com/?uploadId=secret"),
    ],
)
def test_whatever_fails_is_a_storage_error_that_shows_no_query(operation: str, failure: Exception) -> None:
    s3 = FakeS3()
    s3.fails[operation] = [failure]
    with pytest.raises(StorageError) as raised:
        CALLS[operation](S3Archive(s3.client(), BUCKET))
    assert "secret" not in str(raised.value)
    assert raised.value.__suppress_context__
