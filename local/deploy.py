"""The built template as a stack: packaged and deployed as `sam deploy` does it, in a second, and updated so too."""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.aws import client
from local.gaps import close_gaps

STACK = "veo4k"
PACKAGES = "packages"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
EPOCH = (1980, 1, 1, 0, 0, 0)
DEPLOY_SECONDS = 60


class DeployError(RuntimeError):
    """The stack failed; the message holds the reasons of its events."""


def deploy(endpoint: str, template: Path, parameters: Mapping[str, str]) -> dict[str, str]:
    """Create the stack with the given parameters and return its outputs."""
    cloudformation = client(endpoint, "cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=_upload(endpoint, template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=CAPABILITIES,
    )
    stack = _wait(cloudformation, "CREATE")
    close_gaps(endpoint, STACK)
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def update(endpoint: str, parameters: Mapping[str, str]) -> None:
    """Give the running stack other values of these parameters; template and other parameters stay as they are."""
    cloudformation = client(endpoint, "cloudformation")
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    known = {given["ParameterKey"]: given["ParameterValue"] for given in stack["Parameters"]}
    cloudformation.update_stack(
        StackName=STACK,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": key, "UsePreviousValue": True} for key in known.keys() - parameters.keys()]
        + [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=CAPABILITIES,
    )
    _wait(cloudformation, "UPDATE")
    close_gaps(endpoint, STACK)


def _upload(endpoint: str, template: Path) -> str:
    """Put the code and the template that points to it into a bucket; give the template's URL."""
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket=PACKAGES)
    body = yaml_parse(template.read_text())
    for resource in body["Resources"].values():
        if place := CODE.get(resource["Type"]):
            code = _zip(template.parent / resource["Properties"][place])
            key = hashlib.sha256(code).hexdigest()
            s3.put_object(Bucket=PACKAGES, Key=key, Body=code)
            resource["Properties"][place] = {"Bucket": PACKAGES, "Key": key}
    s3.put_object(Bucket=PACKAGES, Key="template.json", Body=json.dumps(body).encode())
    return f"{endpoint}/{PACKAGES}/template.json"


def _zip(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.writestr(zipfile.ZipInfo(str(path.relative_to(folder)), EPOCH), path.read_bytes())
    return packed.getvalue()


def _wait(cloudformation: Any, deed: str) -> dict[str, Any]:
    """Wait for the end of a CREATE or an UPDATE."""
    deadline = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < deadline:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if stack["StackStatus"] == f"{deed}_COMPLETE":
            return stack
        if not stack["StackStatus"].startswith((f"{deed}_IN_PROGRESS", f"{deed}_COMPLETE_CLEANUP")):
            break
        time.sleep(0.05)
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = [
        f"{e['LogicalResourceId']}: {e['ResourceStatusReason']}" for e in events if e.get("ResourceStatusReason")
    ]
    raise DeployError("\n".join([f"the stack's {deed.lower()} did not succeed", *reasons]))
