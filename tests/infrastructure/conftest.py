from pathlib import Path
from typing import Any

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from local.cloud.build import built_template
from tests.infrastructure.cloudformation import Resolver

ROOT = Path(__file__).resolve().parents[2]


def read_template() -> dict[str, Any]:
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return template


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml as it is written."""
    return read_template()


def read_whole_template() -> dict[str, Any]:
    """Return template.yaml with all that options add."""
    return Resolver.of(read_template(), JobsApi="on", DailyRequestLimit="50").template_in_force()


def transformed() -> dict[str, Any]:
    """Return the template as CloudFormation gets it from the SAM transform, which evaluates no condition."""
    source = read_template()
    for resource in source["Resources"].values():
        for place in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][place] = {"Bucket": "bucket", "Key": "key"}
    session = boto3.Session(region_name="us-east-1")
    translated: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(source, {})
    return translated


@pytest.fixture(scope="session")
def transformed_template() -> dict[str, Any]:
    """Return the whole transformed template."""
    return transformed()


@pytest.fixture(scope="session")
def resources(transformed_template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the resources of the transformed template, by logical id."""
    found: dict[str, dict[str, Any]] = transformed_template["Resources"]
    return found


@pytest.fixture(scope="session")
def built() -> Path:
    """Return the folder that `sam build` creates from the current tree."""
    return built_template().parent
