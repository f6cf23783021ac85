"""What the emulator leaves out of a deployed stack, put right here; the template itself knows nothing of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from local.aws import client

FUNCTION = re.compile(r"functions/\$\{(\w+)\}/invocations")


def close_gaps(endpoint: str, stack: str) -> None:
    """Bring the stack to what AWS would have made of its template; safe to repeat."""
    cloudformation = client(endpoint, "cloudformation")
    ids = _physical_ids(cloudformation, stack)
    for name, resource in _processed(cloudformation, stack).items():
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            _add_routes(endpoint, ids[name], resource["Properties"]["Body"]["paths"], ids)
        if "ScalingConfig" in resource.get("Properties", {}):
            _make_concurrency_a_number(endpoint, ids[name])


def _processed(cloudformation: Any, stack: str) -> dict[str, Any]:
    template = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    resources: dict[str, Any] = template["Resources"]
    return resources


def _physical_ids(cloudformation: Any, stack: str) -> dict[str, str]:
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


def _add_routes(endpoint: str, api: str, paths: Mapping[str, Any], ids: Mapping[str, str]) -> None:
    """Create the routes of an API's OpenAPI body, which the emulator does not read."""
    gateway, functions = client(endpoint, "apigatewayv2"), client(endpoint, "lambda")
    known = {route["RouteKey"] for route in gateway.get_routes(ApiId=api)["Items"]}
    for route, function in _routes(paths):
        if route not in known:
            arn = functions.get_function_configuration(FunctionName=ids[function])["FunctionArn"]
            integration = gateway.create_integration(
                ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
            )
            gateway.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{integration['IntegrationId']}")


def _routes(paths: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each route's key and the logical id of its function's alias."""
    for path, methods in paths.items():
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            yield f"{method.upper()} {path}", FUNCTION.findall(uri)[0]


def _make_concurrency_a_number(endpoint: str, mapping: str) -> None:
    """A limit that comes from a parameter stays a string, at which the emulator's pollers stumble."""
    functions = client(endpoint, "lambda")
    limit = functions.get_event_source_mapping(UUID=mapping)["ScalingConfig"]["MaximumConcurrency"]
    functions.update_event_source_mapping(UUID=mapping, ScalingConfig={"MaximumConcurrency": int(limit)})
