"""Links to objects of the archive bucket, signed by the function's role. Signing sends no request."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from veo4k.adapters.aws import as_storage_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class S3Links:
    """The archive bucket, as far as links to its objects are concerned."""

    client: "S3Client"
    bucket: str

    def sign(self, key: str, seconds: int) -> str:
        """Return a link to an object that is valid for so many seconds."""
        place = {"Bucket": self.bucket, "Key": key}
        with as_storage_error("GetObject"):
            return self.client.generate_presigned_url("get_object", Params=place, ExpiresIn=seconds)
