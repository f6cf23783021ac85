"""Packages and deploys the built template as `sam deploy` does, in a second. Updates and deletes the stack."""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.cloud.aws import client

STACK = "veo4k"
PACKAGES = "packages"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
EPOCH = (1980, 1, 1, 0, 0, 0)
DEPLOY_SECONDS = 60


class DeployError(RuntimeError):
    """The stack failed. The message holds the reasons of its events."""


def deploy(endpoint: str, stack: str, template: Path, parameters: Mapping[str, str]) -> dict[str, str]:
    """Create a stack with the given parameters and return its outputs."""
    cloudformation = client(endpoint, "cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateURL=_upload(endpoint, template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=CAPABILITIES,
    )
    _wait(cloudformation, stack, "CREATE")
    return outputs(endpoint, stack)


def outputs(endpoint: str, stack: str) -> dict[str, str]:
    """Return the outputs of a stack."""
    [described] = client(endpoint, "cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def update(endpoint: str, stack: str, parameters: Mapping[str, str]) -> None:
    """Update these parameters of a running stack. Its template and its other parameters stay as they are."""
    cloudformation = client(endpoint, "cloudformation")
    [described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    known = {parameter["ParameterKey"] for parameter in described["Parameters"]}
    cloudformation.update_stack(
        StackName=stack,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": key, "UsePreviousValue": True} for key in known - parameters.keys()]
        + [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=CAPABILITIES,
    )
    _wait(cloudformation, stack, "UPDATE")


def delete(endpoint: str, stack: str) -> None:
    """Delete a stack with all resources that its template does not retain."""
    cloudformation = client(endpoint, "cloudformation")
    identity = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=stack)
    _wait(cloudformation, identity, "DELETE")


def _upload(endpoint: str, template: Path) -> str:
    """Upload the code, and the template that points to it. Return the template's URL."""
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket=PACKAGES)
    body = yaml_parse(template.read_text())
    for resource in body["Resources"].values():
        place = CODE.get(resource["Type"])
        if place and place in resource["Properties"]:
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


def _wait(cloudformation: Any, stack: str, operation: str) -> None:
    """Wait for the end of a CREATE, an UPDATE or a DELETE. Raise DeployError where it fails."""
    deadline = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < deadline:
        status: str = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if status == f"{operation}_COMPLETE":
            return
        if not status.startswith((f"{operation}_IN_PROGRESS", f"{operation}_COMPLETE_CLEANUP")):
            break
        time.sleep(0.05)
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    reasons = [
        f"{e['LogicalResourceId']}: {e['ResourceStatusReason']}" for e in events if e.get("ResourceStatusReason")
    ]
    raise DeployError("\n".join([f"the stack's {operation.lower()} failed", *reasons]))
