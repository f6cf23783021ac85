"""What roles are granted by the template, and what functions need by their code and their event sources."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.infrastructure.aws_calls import Call, aws_calls
from tests.infrastructure.stack import Resources, of_type, properties


class Right(NamedTuple):
    """An action on a resource, as it is written in the template; under a condition of the stack, if one is named."""

    action: str
    resource: str
    only_if: str = ""


def granted(resources: Resources, role: str) -> set[Right]:
    """Return the rights of a role."""
    return {
        Right(action, name_of(resource), only_if)
        for only_if, statement in statements(resources, role)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def statements(resources: Resources, role: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the statements of a role, each with the stack's condition it stands under."""
    for policy in properties(resources, role)["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            match statement:
                case {"Fn::If": [condition, inner, {"Ref": "AWS::NoValue"}]}:
                    yield condition, inner
                case _:
                    yield "", statement


SCHEDULE_RIGHTS = {
    Right("lambda:InvokeFunction", "SweepFunction.Arn"),
    Right("sqs:SendMessage", "SweepDeadLetterQueue.Arn"),
    Right("kms:Decrypt", "KmsKeyArn", "HasKmsKey"),
    Right("kms:GenerateDataKey", "KmsKeyArn", "HasKmsKey"),
}


def required(resources: Resources, role: str) -> set[Right]:
    """Return the rights that a role must have, and no others."""
    return SCHEDULE_RIGHTS if role == "SweepScheduleRole" else needed(resources, role.removesuffix("Role"))


def needed(resources: Resources, function: str) -> set[Right]:
    """Return the rights a function needs: for its calls, event source, dead letters, logs, key and network."""
    calls = {right for call in aws_calls(function.lower()) for right in _rights_of(resources, function, call)}
    return (
        calls | _edges(resources, function) | LOGS | _network(resources, function) | _keys(resources, function, calls)
    )


ACTIONS = {
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "stepfunctions:SendTaskSuccess": "states:SendTaskSuccess",
    "stepfunctions:SendTaskFailure": "states:SendTaskFailure",
}
"""Operations whose permission has another name (Service Authorization Reference)."""

WITHOUT_RESOURCE = {"states:SendTaskSuccess", "states:SendTaskFailure"}
"""Actions on a task that only its token names."""

VARIABLES = {
    "DynamoJobs": "JOB_TABLE_NAME",
    "DynamoGate": "JOB_TABLE_NAME",
    "AwsEventPublisher:sqs": "ARCHIVE_QUEUE_URL",
    "AwsEventPublisher:events": "EVENT_BUS_NAME",
    "SqsQueue:sqs:SendMessage": "DEAD_LETTER_QUEUE_URL",
    "SqsQueue:sqs:ChangeMessageVisibility": "JOB_QUEUE_URL",
    "SqsJobSender": "JOB_QUEUE_URL",
    "S3Links": "ARCHIVE_BUCKET_NAME",
    "SqsRedelivery": "ARCHIVE_QUEUE_URL",
    "S3Archive": "ARCHIVE_BUCKET_NAME",
    "S3Upload": "ARCHIVE_BUCKET_NAME",
}
"""The setting that names what an adapter calls: by adapter, by adapter and service, or by adapter and operation."""


def _rights_of(resources: Resources, function: str, call: Call) -> Iterator[Right]:
    action = ACTIONS.get(call.operation, call.operation)
    if action in WITHOUT_RESOURCE:
        yield Right(action, "*")
    elif action.startswith("secretsmanager:"):
        yield from (Right(action, secret) for secret in _secrets(resources, function))
    else:
        target = _target(resources, function, call)
        yield Right(action, _resource(target, action, of_index=call.of_index))
    if call.operation in {"s3:CreateMultipartUpload", "s3:PutObject"}:
        yield Right("s3:PutObjectTagging", _resource(_target(resources, function, call), action, of_index=False))


def _target(resources: Resources, function: str, call: Call) -> Any:
    """Return what is called, as the function's setting names it."""
    service, _ = call.operation.split(":")
    places = [f"{call.adapter}:{call.operation}", f"{call.adapter}:{service}", call.adapter]
    variable = next(VARIABLES[place] for place in places if place in VARIABLES)
    return _settings(resources, function)[variable]


BUCKET = "arn:${AWS::Partition}:s3:::${Bucket}"


def _resource(target: Any, action: str, *, of_index: bool) -> str:
    """Return the resource as a policy writes it: an ARN of what the setting names."""
    if action.startswith("s3:"):
        return BUCKET if action == "s3:ListBucketMultipartUploads" else f"{BUCKET}/videos/*"
    if action == "events:PutEvents":  # by its name: a reference to the bus, whose policy names the role, is a cycle
        return "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${AWS::StackName}-jobs"
    return f"${{{target['Ref']}.Arn}}/index/due" if of_index else f"{target['Ref']}.Arn"


def _settings(resources: Resources, function: str) -> dict[str, Any]:
    variables: dict[str, Any] = properties(resources, f"{function}Function")["Environment"]["Variables"]
    return variables


def _secrets(resources: Resources, function: str) -> list[str]:
    variables = _settings(resources, function)
    return [name_of(value) for name, value in variables.items() if name.endswith("_SECRET_NAME")]


SOURCES = {
    "sqs": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "dynamodb": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
}
"""What Lambda does with a function's role to read its source (Lambda Developer Guide, execution roles)."""


def _edges(resources: Resources, function: str) -> set[Right]:
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    invokes = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    own = [edge for edge in [*mappings, *invokes] if edge["FunctionName"] == {"Ref": f"{function}Function"}]
    read = {right for edge in own if "EventSourceArn" in edge for right in _reading(name_of(edge["EventSourceArn"]))}
    dead = [edge["DestinationConfig"]["OnFailure"]["Destination"] for edge in own if "DestinationConfig" in edge]
    return read | {Right("sqs:SendMessage", name_of(queue)) for queue in dead}


def _reading(source: str) -> set[Right]:
    if source.endswith(".StreamArn"):
        # Which streams there are can be asked of all of them only.
        return {Right(action, source) for action in SOURCES["dynamodb"]} | {Right("dynamodb:ListStreams", "*")}
    return {Right(action, source) for action in SOURCES["sqs"]}


LOGS = {Right(action, "LogGroup.Arn") for action in ("logs:CreateLogStream", "logs:PutLogEvents")}

INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""What Lambda needs to attach a function to subnets (Lambda Developer Guide, VPC access, required permissions)."""


def _network(resources: Resources, function: str) -> set[Right]:
    """Return the rights for network interfaces, where the function may run in subnets."""
    attached = "VpcConfig" in properties(resources, f"{function}Function")
    return {Right(action, "*", "HasVpc") for action in INTERFACES} if attached else set()


ENCRYPTS = ("sqs:SendMessage", "s3:PutObject")


def _keys(resources: Resources, function: str, calls: set[Right]) -> set[Right]:
    """Table, secrets and messages are read with Decrypt; a message or an object is written with a new data key."""
    if not any(right.action.startswith(("dynamodb:", "secretsmanager:", "sqs:", "s3:")) for right in calls):
        return set()
    writes = any(right.action in ENCRYPTS for right in calls | _edges(resources, function))
    actions = ["kms:Decrypt", "kms:GenerateDataKey"] if writes else ["kms:Decrypt"]
    return {Right(action, "KmsKeyArn", "HasKmsKey") for action in actions}


def as_list(value: Any) -> list[Any]:
    """One or many, as many."""
    return value if isinstance(value, list) else [value]


def name_of(resource: Any) -> str:
    """Return a resource as it is written in the template, without the intrinsic around it."""
    match resource:
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]} | {"Ref": str(text)} | str(text):
            return text
    raise AssertionError(resource)
