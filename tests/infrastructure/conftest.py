from pathlib import Path

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from local.cloud.build import built_template
from tests.infrastructure.stack import Resources, Template


@pytest.fixture(scope="session")
def template() -> Template:
    """template.yaml as it is written."""
    return read_template()


def read_template() -> Template:
    template: Template = yaml_parse(Path("template.yaml").read_text())
    return template


@pytest.fixture(scope="session")
def resources() -> Resources:
    """The resources of the template as CloudFormation receives it, by logical id."""
    return transformed_resources()


def transformed_resources() -> Resources:
    """Return what the SAM transform makes of the template's resources. It evaluates no condition."""
    source = read_template()
    for resource in source["Resources"].values():
        for place in {"CodeUri", "ContentUri"} & resource["Properties"].keys():
            resource["Properties"][place] = {"Bucket": "bucket", "Key": "key"}
    session = boto3.Session(region_name="us-east-1")
    resources: Resources = Translator({}, Parser(), boto_session=session).translate(source, {})["Resources"]
    return resources


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder that `sam build` creates from the current tree."""
    return built_template().parent
