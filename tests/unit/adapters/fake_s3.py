"""S3 inside the process: answers a real SDK client with the rules of the multipart API, before anything is sent."""

import re
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIN_PART = 5 << 20
PAGE = 2  # uploads listed at a time
BUCKET = "archive"


class Stored(NamedTuple):
    """An object as S3 keeps it."""

    body: bytes
    headers: dict[str, str]


@dataclass
class Upload:
    """A multipart upload under way."""

    key: str
    headers: dict[str, str]
    begun: float
    parts: dict[int, tuple[bytes, str]] = field(default_factory=dict)


class S3Error(Exception):
    """An answer that is no success."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class FakeS3:
    """One bucket. `fails` gives an operation's coming answers (None: it works); what it did stands in `calls`."""

    def __init__(self, *, keeps: bool = True) -> None:
        self.objects: dict[str, Stored] = {}
        self.uploads: dict[str, Upload] = {}
        self.calls: list[str] = []
        self.fails: dict[str, list[S3Error | Exception | None]] = {}
        self.now = 1_000_000.0
        self._keeps, self._lock = keeps, Lock()

    def client(self, attempts: int = 1) -> "S3Client":
        """Return an SDK client that reaches this S3 and nothing else."""
        client: S3Client = boto3.client(
            "s3",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
        )
        client.meta.events.register("before-send.s3", cast("Any", self._answer))
        return client

    def arriving(self, body: bytes) -> bytes:
        """Return what becomes of a body on its way; a test may damage it."""
        return body

    def during(self, operation: str) -> None:
        """Called outside the lock while an operation is under way; a test may wait here."""

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        operation = _operation(request)
        self.during(operation)
        with self._lock:
            self.calls.append(operation)
            try:
                self._fail(operation)
                return _response(request, 200, getattr(self, operation)(request, _query(request)))
            except S3Error as error:
                return _response(request, error.status, f"<Error><Code>{error.code}</Code></Error>")

    def _fail(self, operation: str) -> None:
        coming = self.fails.get(operation, [])
        failure = coming.pop(0) if coming else None
        if failure:
            raise failure

    def put_object(self, request: AWSPreparedRequest, _: dict[str, str]) -> str:
        """Store an object whole."""
        body = self._checked(request)
        self.objects[_key(request)] = Stored(body, _headers(request))
        return ""

    def create_multipart_upload(self, request: AWSPreparedRequest, _: dict[str, str]) -> str:
        """Begin an upload."""
        name = self.begin(_key(request), self.now, _headers(request))
        return f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"

    def upload_part(self, request: AWSPreparedRequest, query: dict[str, str]) -> str:
        """Take a part whose checksum holds."""
        body, number = self._checked(request), int(query["partNumber"])
        checksum = _headers(request)["x-amz-checksum-crc32"]
        self._upload(query).parts[number] = (body if self._keeps else b"", checksum)
        return ""

    def complete_multipart_upload(self, request: AWSPreparedRequest, query: dict[str, str]) -> str:
        """Join the parts the request lists, if they are what was stored."""
        upload, listed = self._upload(query), str(_bytes(request), "utf-8")
        numbers = [int(number) for number in re.findall(r"<PartNumber>(\d+)</PartNumber>", listed)]
        checksums = re.findall(r"<ChecksumCRC32>(.*?)</ChecksumCRC32>", listed)
        if numbers != sorted(numbers) or checksums != [upload.parts[number][1] for number in numbers]:
            raise S3Error("InvalidPart")
        bodies = [upload.parts[number][0] for number in numbers]
        if any(len(body) < MIN_PART for body in bodies[:-1]):
            raise S3Error("EntityTooSmall")
        if int(_headers(request)["x-amz-mp-object-size"]) != sum(map(len, bodies)):
            raise S3Error("InvalidRequest")
        self.objects[upload.key] = Stored(b"".join(bodies), upload.headers)
        del self.uploads[query["uploadId"]]
        return "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"

    def abort_multipart_upload(self, _: AWSPreparedRequest, query: dict[str, str]) -> str:
        """Forget an upload and its parts."""
        self._upload(query)
        del self.uploads[query["uploadId"]]
        return ""

    def list_multipart_uploads(self, _: AWSPreparedRequest, query: dict[str, str]) -> str:
        """List the uploads under a prefix, a few at a time."""
        found = [item for item in self.uploads.items() if item[1].key.startswith(query.get("prefix", ""))]
        after = [item for item in found if int(item[0]) > int(query.get("upload-id-marker", 0))]
        page, rest = after[:PAGE], after[PAGE:]
        entries = "".join(
            f"<Upload><UploadId>{name}</UploadId><Key>{upload.key}</Key>"
            f"<Initiated>{datetime.fromtimestamp(upload.begun, UTC).isoformat()}</Initiated></Upload>"
            for name, upload in page
        )
        if rest:
            entries += f"<NextUploadIdMarker>{page[-1][0]}</NextUploadIdMarker><NextKeyMarker>k</NextKeyMarker>"
        entries += f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated>"
        return f"<ListMultipartUploadsResult>{entries}</ListMultipartUploadsResult>"

    def begin(self, key: str, begun: float, headers: dict[str, str] | None = None) -> str:
        """Leave an upload behind that began at that time; its id."""
        name = str(len(self.calls) + len(self.uploads) + 1)
        self.uploads[name] = Upload(key, headers or {}, begun)
        return name

    def _checked(self, request: AWSPreparedRequest) -> bytes:
        body = self.arriving(_bytes(request))
        if _headers(request)["x-amz-checksum-crc32"] != b64encode(zlib.crc32(body).to_bytes(4, "big")).decode():
            raise S3Error("BadDigest")
        return body

    def _upload(self, query: dict[str, str]) -> Upload:
        if query["uploadId"] not in self.uploads:
            raise S3Error("NoSuchUpload", 404)
        return self.uploads[query["uploadId"]]


class _Raw(BytesIO):
    """A body as the SDK's HTTP layer reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """Return the whole body at once."""
        yield self.read()


def _response(request: AWSPreparedRequest, status: int, body: str) -> AWSResponse:
    raw, headers = cast("Any", _Raw(body.encode())), cast("Any", {"ETag": '"e"'})
    return AWSResponse(request.url, status, headers, raw)


def _operation(request: AWSPreparedRequest) -> str:
    query = urlsplit(request.url).query
    table = {
        "PUT": "upload_part" if "partNumber=" in query else "put_object",
        "POST": "complete_multipart_upload" if "uploadId=" in query else "create_multipart_upload",
        "DELETE": "abort_multipart_upload",
        "GET": "list_multipart_uploads",
    }
    return table[str(request.method)]


def _query(request: AWSPreparedRequest) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(request.url).query).items()}


def _key(request: AWSPreparedRequest) -> str:
    return unquote(urlsplit(request.url).path).removeprefix("/")


def _headers(request: AWSPreparedRequest) -> dict[str, str]:
    pairs = [(str(name).lower(), value) for name, value in request.headers.items()]
    return {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in pairs}


def _bytes(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body or b""
    return bytes(body) if isinstance(body, bytes | bytearray) else bytes(body.read())
