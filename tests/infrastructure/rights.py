"""What roles are granted by the template, and what functions need by their code and their event sources."""

from collections.abc import Iterator
from itertools import product
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
    return set(rights_of(resources, role))


def rights_of(resources: Resources, role: str) -> Iterator[Right]:
    """Yield the rights of a role, statement by statement."""
    for only_if, statement in statements(resources, role):
        for action, resource in product(as_list(statement["Action"]), as_list(statement["Resource"])):
            yield Right(action, name_of(resource), only_if)


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
LOGS = {Right(action, "LogGroup.Arn") for action in ("logs:CreateLogStream", "logs:PutLogEvents")}


def required(resources: Resources, role: str) -> set[Right]:
    """Return the rights that a role must have, and no others: a function's for its calls, source, logs and network."""
    if role == "SweepScheduleRole":
        return SCHEDULE_RIGHTS
    function = role.removesuffix("Role")
    settings = properties(resources, f"{function}Function")
    calls = {right for call in aws_calls(function.lower()) for right in _of_call(settings, call)}
    return calls | LOGS | _of_source(resources, function) | _of_network(settings) | _of_keys(resources, function, calls)


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

BUCKET = "arn:${AWS::Partition}:s3:::${Bucket}"
BUS = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${AWS::StackName}-jobs"
"""The bus by its name: a reference to it is a cycle, because its policy names the role."""

TARGETS = {
    "dynamodb": "JobTable.Arn",
    "events": BUS,
    "s3": f"{BUCKET}/videos/*",
    "s3:ListBucketMultipartUploads": BUCKET,
    "states": "*",  # a task that only its token names
    "AwsEventPublisher:sqs:SendMessage": "ArchiveQueue.Arn",
    "SqsQueue:sqs:SendMessage": "DeadLetterQueue.Arn",
    "SqsQueue:sqs:ChangeMessageVisibility": "JobQueue.Arn",
    "SqsJobSender:sqs:SendMessage": "JobQueue.Arn",
    "SqsRedelivery:sqs:SendMessage": "ArchiveQueue.Arn",
    "SqsRedelivery:sqs:ChangeMessageVisibility": "ArchiveQueue.Arn",
}
"""What is called: by adapter and action, by action, or by service."""


def _of_call(settings: dict[str, Any], call: Call) -> Iterator[Right]:
    action = ACTIONS.get(call.operation, call.operation)
    service = action.split(":")[0]
    if service == "secretsmanager":
        variables = settings["Environment"]["Variables"].items()
        yield from (Right(action, name_of(secret)) for name, secret in variables if name.endswith("_SECRET_NAME"))
        return
    target = next(TARGETS[place] for place in (f"{call.adapter}:{action}", action, service) if place in TARGETS)
    yield Right(action, "${JobTable.Arn}/index/due" if call.of_index else target)
    if call.operation in {"s3:CreateMultipartUpload", "s3:PutObject"}:
        yield Right("s3:PutObjectTagging", target)


READING = {
    "sqs": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    "dynamodb": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
}
"""What Lambda does with a function's role to read its source (Lambda Developer Guide, execution roles)."""


def _of_source(resources: Resources, function: str) -> set[Right]:
    """Return the rights to read the function's source, and to send what it fails on to a queue."""
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    invokes = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    own = [edge for edge in [*mappings, *invokes] if edge["FunctionName"] == {"Ref": f"{function}Function"}]
    sources = {name_of(edge["EventSourceArn"]) for edge in own if "EventSourceArn" in edge}
    dead = [edge["DestinationConfig"]["OnFailure"]["Destination"] for edge in own if "DestinationConfig" in edge]
    streams = {source for source in sources if source.endswith(".StreamArn")}
    read = {Right(action, source) for source in sources - streams for action in READING["sqs"]}
    read |= {Right(action, source) for source in streams for action in READING["dynamodb"]}
    read |= {Right("dynamodb:ListStreams", "*") for _ in streams}  # can be asked of all streams only
    return read | {Right("sqs:SendMessage", name_of(queue)) for queue in dead}


INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""What Lambda needs to attach a function to subnets (Lambda Developer Guide, VPC access, required permissions)."""


def _of_network(settings: dict[str, Any]) -> set[Right]:
    """Return the rights for network interfaces, where the function may run in subnets."""
    return {Right(action, "*", "HasVpc") for action in INTERFACES if "VpcConfig" in settings}


def _of_keys(resources: Resources, function: str, calls: set[Right]) -> set[Right]:
    """Table, secrets and messages are read with Decrypt; a message or an object is written with a new data key."""
    writes = {"sqs:SendMessage", "s3:PutObject"} & {r.action for r in calls | _of_source(resources, function)}
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
