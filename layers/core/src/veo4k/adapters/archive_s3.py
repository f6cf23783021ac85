"""The archive bucket: uploads in one pass and bounded memory, which leave a whole file or nothing."""

import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from veo4k.adapters.aws import as_storage_error
from veo4k.domain.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 16 << 20  # every part is a paid request; 256 of the 10,000 allowed carry the largest download
CONNECTIONS = 2  # take what a function's network gives
BUFFERS = CONNECTIONS + 1  # one is filled while the others are sent: 48 MiB, whatever the file's size


@dataclass
class S3Archive:
    """One bucket. Every failure of S3 is a StorageError."""

    client: "S3Client"
    bucket: str

    @contextmanager
    def upload(self, key: str, content_type: str, tags: Mapping[str, str]) -> Iterator["S3Upload"]:
        """Begin an upload, written piece by piece; leaving without `complete()` leaves nothing in the bucket."""
        with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="part") as threads:
            upload = S3Upload(self, key, content_type, tags, threads)
            try:
                yield upload
            except BaseException:
                with suppress(StorageError):  # the first error is raised; the next archive finds strays
                    upload.abort()
                raise
            upload.abort()

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store a small object whole."""
        with as_storage_error("put object"):
            crc = _base64(zlib.crc32(body))
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, ChecksumCRC32=crc)

    def abort_strays(self, key: str, older_than: float) -> int:
        """Abort the uploads of exactly this key that began before `older_than`, in epoch seconds. Return how many."""
        with as_storage_error("list uploads"):
            pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=key)
            strays = [
                upload["UploadId"]
                for page in pages
                for upload in page.get("Uploads", [])
                if upload["Key"] == key and upload["Initiated"].timestamp() < older_than
            ]
        for stray in strays:
            self.abort(key, stray)
        return len(strays)

    def abort(self, key: str, upload_id: str) -> None:
        """Abort one multipart upload, or find it gone."""
        with as_storage_error("abort upload"), suppress(self.client.exceptions.NoSuchUpload):
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)


class S3Upload:
    """An upload of one object: parts are sent while the next part is filled.

    The multipart upload begins with the second part: a shorter object is sent in one request. S3 checks each part
    against its CRC-32, then the list of parts and the size, and keeps the CRC-32 of the whole object.
    """

    def __init__(
        self, archive: S3Archive, key: str, content_type: str, tags: Mapping[str, str], threads: ThreadPoolExecutor
    ) -> None:
        self._archive, self._threads = archive, threads
        self._client = archive.client
        self._where: dict[str, Any] = {"Bucket": archive.bucket, "Key": key}
        self._about: dict[str, Any] = {
            "ContentType": content_type,
            "ContentDisposition": f'attachment; filename="{_file_name(key)}"',
            "Tagging": urlencode(tags),
        }
        self._bytes = 0
        self._upload_id: str | None = None
        self._sent: list[Future[CompletedPartTypeDef]] = []
        self._buffers: list[bytearray] = []
        self._take_buffer()

    def write(self, chunk: bytes) -> None:
        """Write the next bytes; wait while every buffer is full."""
        rest = memoryview(chunk)
        while rest:
            if self._filled == PART_BYTES:
                with as_storage_error("upload part"):
                    self._send()
                    self._take_buffer()
            rest = rest[self._fill(rest) :]

    def complete(self) -> None:
        """Make the object appear, whole and checked."""
        with as_storage_error("complete upload"):
            if self._upload_id is None:
                self._put()
            else:
                self._send()
                self._join(self._upload_id)

    def abort(self) -> None:
        """Abort the upload; wait for parts under way first, or they would outlive the abort."""
        if self._upload_id is not None:
            wait(self._sent)
            self._archive.abort(self._where["Key"], self._upload_id)

    def _take_buffer(self) -> None:
        """Begin a part in a new buffer, or in that of the oldest part, once that part was sent.

        Buffers are reused: fresh ones cost almost half the speed, in page faults.
        """
        number = len(self._sent)
        if number < BUFFERS:
            self._buffers.append(bytearray(PART_BYTES))
        else:
            self._sent[number - BUFFERS].result()
        self._part, self._filled, self._crc = self._buffers[number % BUFFERS], 0, 0

    def _fill(self, piece: memoryview) -> int:
        """Copy what fits into the buffer. Return how many bytes that was."""
        taken = piece[: PART_BYTES - self._filled]
        with memoryview(self._part) as part:
            part[self._filled : self._filled + len(taken)] = taken
        self._crc = zlib.crc32(taken, self._crc)
        self._filled += len(taken)
        self._bytes += len(taken)
        return len(taken)

    def _filled_part(self) -> dict[str, Any]:
        """Return the buffer's content, not copied, and its checksum. Only the last part is short."""
        del self._part[self._filled :]
        return {"Body": self._part, "ChecksumCRC32": _base64(self._crc)}

    def _put(self) -> None:
        self._client.put_object(**self._where, **self._about, **self._filled_part())

    def _send(self) -> None:
        if self._upload_id is None:
            self._upload_id = self._client.create_multipart_upload(
                **self._where, **self._about, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
            )["UploadId"]
        place = {**self._where, "UploadId": self._upload_id, "PartNumber": len(self._sent) + 1}
        self._sent.append(self._threads.submit(self._upload_part, {**place, **self._filled_part()}))

    def _upload_part(self, part: dict[str, Any]) -> "CompletedPartTypeDef":
        response = self._client.upload_part(**part)
        return {"PartNumber": part["PartNumber"], "ETag": response["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}

    def _join(self, upload_id: str) -> None:
        self._client.complete_multipart_upload(
            **self._where,
            UploadId=upload_id,
            MultipartUpload={"Parts": [part.result() for part in self._sent]},
            ChecksumType="FULL_OBJECT",
            MpuObjectSize=self._bytes,
        )
        self._upload_id = None


def _file_name(key: str) -> str:
    """Return the name under which a browser saves an object: `{taskId}-0-1.mp4` for `videos/{taskId}/0/1.mp4`."""
    return key.partition("/")[2].replace("/", "-")


def _base64(crc: int) -> str:
    """Return a CRC-32 in the form of S3."""
    return b64encode(crc.to_bytes(4, "big")).decode()
