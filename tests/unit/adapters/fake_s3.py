"""S3 inside the process: answers a real SDK client with the rules of the multipart API, before anything is sent."""

import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import parse_qsl, unquote, urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIN_PART = 5 << 20
PAGE = 2  # uploads listed at a time
BUCKET = "archive"


class Request(NamedTuple):
    """What S3 reads of a request; header names in lower case."""

    key: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Upload(NamedTuple):
    """A multipart upload under way, and its parts with their checksums."""

    key: str
    headers: dict[str, str]
    begun: float
    parts: dict[int, tuple[bytes, str]]


class S3Error(Exception):
    """An answer that is no success."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class FakeS3:
    """One bucket; an object is kept as a request that would make it.

    `fails`: an operation's coming failures; `loses`: operations that are done and yet answered with an error;
    `arriving`: what becomes of a body on its way; `during`: called while an operation is under way.
    """

    def __init__(self, *, keeps: bool = True) -> None:
        self.objects: dict[str, Request] = {}
        self.uploads: dict[str, Upload] = {}
        self.calls: list[str] = []
        self.fails: dict[str, list[Exception]] = {}
        self.loses: set[str] = set()
        self.arriving: Callable[[bytes], bytes] = lambda body: body
        self.during: Callable[[str], None] = lambda _: None
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

    def begin(self, key: str, headers: dict[str, str], begun: float = 1_000_000.0) -> str:
        """Begin an upload at that time. Return its id."""
        name = str(len(self.calls) + len(self.uploads) + 1)
        self.uploads[name] = Upload(key, headers, begun, {})
        return name

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        operation = _operation(request)
        self.during(operation)
        with self._lock:
            self.calls.append(operation)
            try:
                return _response(request, 200, self._done(operation, _parsed(request)))
            except S3Error as error:
                return _response(request, error.status, f"<Error><Code>{error.code}</Code></Error>")

    def _done(self, operation: str, request: Request) -> str:
        if failures := self.fails.get(operation):
            raise failures.pop(0)
        body: str = getattr(self, operation)(request)
        if operation in self.loses:
            raise S3Error("InternalError", 500)
        return body

    def put_object(self, request: Request) -> str:
        self.objects[request.key] = request._replace(body=self._checked(request))
        return ""

    def create_multipart_upload(self, request: Request) -> str:
        name = self.begin(request.key, request.headers)
        return f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"

    def upload_part(self, request: Request) -> str:
        """Take a part whose checksum holds."""
        body = self._checked(request) if self._keeps else self._checked(request)[:0]
        part = body, request.headers["x-amz-checksum-crc32"]
        self._upload(request).parts[int(request.query["partNumber"])] = part
        return ""

    def complete_multipart_upload(self, request: Request) -> str:
        """Join the parts the request lists, if they are what was stored."""
        upload, listed = self._upload(request), str(request.body, "utf-8")
        numbers = [int(number) for number in re.findall(r"<PartNumber>(\d+)</PartNumber>", listed)]
        checksums = re.findall(r"<ChecksumCRC32>(.*?)</ChecksumCRC32>", listed)
        if numbers != sorted(numbers) or checksums != [upload.parts[number][1] for number in numbers]:
            raise S3Error("InvalidPart")
        bodies = [upload.parts[number][0] for number in numbers]
        if any(len(body) < MIN_PART for body in bodies[:-1]):
            raise S3Error("EntityTooSmall")
        if int(request.headers["x-amz-mp-object-size"]) != sum(map(len, bodies)):
            raise S3Error("InvalidRequest")
        self.objects[upload.key] = Request(upload.key, {}, upload.headers, b"".join(bodies))
        del self.uploads[request.query["uploadId"]]
        return "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"

    def abort_multipart_upload(self, request: Request) -> str:
        self._upload(request)
        del self.uploads[request.query["uploadId"]]
        return ""

    def list_multipart_uploads(self, request: Request) -> str:
        """List the uploads under a prefix, a few at a time."""
        prefix, marker = request.query.get("prefix", ""), int(request.query.get("upload-id-marker", 0))
        found = [item for item in self.uploads.items() if item[1].key.startswith(prefix) and int(item[0]) > marker]
        page, rest = found[:PAGE], found[PAGE:]
        entries = "".join(
            f"<Upload><UploadId>{name}</UploadId><Key>{upload.key}</Key>"
            f"<Initiated>{datetime.fromtimestamp(upload.begun, UTC).isoformat()}</Initiated></Upload>"
            for name, upload in page
        )
        if rest:
            entries += f"<NextUploadIdMarker>{page[-1][0]}</NextUploadIdMarker><NextKeyMarker>k</NextKeyMarker>"
        entries += f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated>"
        return f"<ListMultipartUploadsResult>{entries}</ListMultipartUploadsResult>"

    def _checked(self, request: Request) -> bytes:
        body = self.arriving(request.body)
        if request.headers["x-amz-checksum-crc32"] != b64encode(zlib.crc32(body).to_bytes(4, "big")).decode():
            raise S3Error("BadDigest")
        return body

    def _upload(self, request: Request) -> Upload:
        if request.query["uploadId"] not in self.uploads:
            raise S3Error("NoSuchUpload", 404)
        return self.uploads[request.query["uploadId"]]


class _Raw(BytesIO):
    """A body as the SDK's HTTP layer reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
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


def _parsed(request: AWSPreparedRequest) -> Request:
    url, body = urlsplit(request.url), cast("Any", request.body or b"")
    headers = {str(name).lower(): value for name, value in request.headers.items()}
    return Request(
        key=unquote(url.path).removeprefix("/"),
        query=dict(parse_qsl(url.query)),
        headers={name: value.decode() if isinstance(value, bytes) else str(value) for name, value in headers.items()},
        body=bytes(body) if isinstance(body, bytes | bytearray) else bytes(body.read()),
    )
