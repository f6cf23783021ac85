"""The bill of materials: every third party in the built vendor layer, with its licence.

`python -m local.cloud.bill_of_materials` writes .aws-sam/bom.cdx.json (CycloneDX 1.6) and prints the licences.
"""

import json
import re
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any, NamedTuple

from local.cloud.build import built_template
from local.paths import ROOT

BOM = ROOT / ".aws-sam/bom.cdx.json"
LOCK = ROOT / "layers/vendor/requirements.txt"

ALLOWED = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Dual"}
"""Licences that let a product of any licence carry the code unchanged. Dual: Apache-2.0 or BSD-3-Clause, at choice."""

_WORDS = {
    "Apache": "Apache-2.0",
    "MIT": "MIT",
    "BSD": "BSD-3-Clause",
    "MPL": "MPL-2.0",
    "PSF": "PSF-2.0",
    "Dual": "Dual",
}


class Part(NamedTuple):
    """A third party in the layer. `hashes`: SHA-256, in hex, of the files that the lock accepts."""

    name: str
    version: str
    licence: str
    hashes: tuple[str, ...]


def parts(layer: Path) -> list[Part]:
    """Return everything that pip has installed into the layer."""
    locked = _locked_hashes(LOCK.read_text())
    found = (HeaderParser().parsestr(path.read_text()) for path in layer.glob("python/*.dist-info/METADATA"))
    named = ((normal(metadata["Name"]), metadata) for metadata in found)
    return sorted(Part(name, metadata["Version"], licence(metadata), locked[name]) for name, metadata in named)


def normal(name: str) -> str:
    """Return a package's name as indices and the lock write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence(metadata: Message) -> str:
    """Return the licence that a package states: its SPDX expression, or the first known word of the older field."""
    stated = str(metadata.get("License-Expression") or metadata.get("License") or "")
    known = (spdx for word, spdx in _WORDS.items() if word in stated)
    return stated if stated in ALLOWED else next(known, stated or "unknown")


def bill(found: list[Part]) -> dict[str, Any]:
    """Return the bill in the format of CycloneDX."""
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [_component(p) for p in found]}


def _component(part: Part) -> dict[str, Any]:
    named = {"id": part.licence} if re.fullmatch(r"[A-Za-z]+-[\w.-]+|MIT", part.licence) else {"name": part.licence}
    return {
        "type": "library",
        "name": part.name,
        "version": part.version,
        "purl": f"pkg:pypi/{part.name}@{part.version}",
        "licenses": [{"license": named}],
        "hashes": [{"alg": "SHA-256", "content": content} for content in part.hashes],
    }


def _locked_hashes(lock: str) -> dict[str, tuple[str, ...]]:
    entries = re.split(r"\n(?=\w)", lock.strip())
    return {normal(entry.split("==")[0]): tuple(re.findall(r"sha256:([0-9a-f]{64})", entry)) for entry in entries}


if __name__ == "__main__":
    shipped = parts(built_template().parent / "VendorLayer")
    BOM.write_text(json.dumps(bill(shipped), indent=2) + "\n")
    for part in shipped:
        print(f"{part.name:<24} {part.version:<14} {part.licence}")
    print(f"{len(shipped)} parts: {BOM.relative_to(ROOT)}")
