"""Each test holds a rule of AWS or of the design that neither cfn-lint nor the local cloud would notice broken."""

import json
from typing import Any

import pytest

from proofs.simulation.stream import SHOWN
from tests.infrastructure.rights import Right, granted, name_of
from tests.infrastructure.stack import Resources, function_of, of_type, properties
from veo4k.domain.job import ATTRIBUTES, Partition

QUEUES = {"SubmitFunctionJobs": "JobQueue", "ArchiveFunctionResults": "ArchiveQueue"}
ROLES = ("SubmitRole", "CallbackRole", "SweepRole", "SweepScheduleRole", "PublishRole", "ArchiveRole")
BUS_ARN = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${AWS::StackName}-jobs"
TWO_WEEKS = 14 * 24 * 3600


def test_the_only_event_sources_are_the_two_queues_and_the_stream(resources: Resources) -> None:
    assert of_type(resources, "AWS::Lambda::EventSourceMapping").keys() == {*QUEUES, "PublishFunctionRows"}


def test_every_event_source_reports_single_failures(resources: Resources) -> None:
    for source in of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize(("source", "queue"), QUEUES.items())
def test_a_queue_hides_a_message_six_times_as_long_as_its_function_may_run(
    resources: Resources, source: str, queue: str
) -> None:
    assert properties(resources, source)["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    timeout = function_of(resources, source)["Timeout"]
    assert properties(resources, queue)["VisibilityTimeout"] >= 6 * timeout


def test_submit_takes_ten_messages_at_once_in_two_functions_at_most(resources: Resources) -> None:
    source = properties(resources, "SubmitFunctionJobs")
    assert (source["BatchSize"], source["ScalingConfig"]) == (10, {"MaximumConcurrency": 2})


def test_archive_takes_one_message_per_function_up_to_the_parameter(
    template: dict[str, Any], resources: Resources
) -> None:
    source = properties(resources, "ArchiveFunctionResults")
    limit = template["Parameters"]["ArchiveConcurrency"]
    assert (source["BatchSize"], source["ScalingConfig"]) == (1, {"MaximumConcurrency": {"Ref": "ArchiveConcurrency"}})
    assert limit["MinValue"] == 2
    assert limit["Default"] == 5


def test_no_function_reserves_concurrency(
    resources: Resources,
) -> None:
    for function in of_type(resources, "AWS::Lambda::Function").values():
        assert "ReservedConcurrentExecutions" not in function


def test_no_function_has_a_dead_letter_queue_of_its_own(resources: Resources) -> None:
    for function in of_type(resources, "AWS::Lambda::Function").values():
        assert "DeadLetterConfig" not in function


@pytest.mark.parametrize(
    ("queue", "dead_letters", "receives"),
    [("JobQueue", "DeadLetterQueue", 50), ("ArchiveQueue", "ArchiveDeadLetterQueue", 5)],
)
def test_a_message_that_cannot_be_handled_ends_in_the_dead_letter_queue(
    resources: Resources, queue: str, dead_letters: str, receives: int
) -> None:
    redrive = properties(resources, queue)["RedrivePolicy"]
    assert redrive == {"deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]}, "maxReceiveCount": receives}


def test_every_queue_keeps_its_messages_for_two_weeks(resources: Resources) -> None:
    for queue in of_type(resources, "AWS::SQS::Queue").values():
        assert queue["MessageRetentionPeriod"] == TWO_WEEKS


def test_no_other_queue_may_send_its_dead_here(resources: Resources) -> None:
    # The two dead-letter queues of queues would name those and be named by them: CloudFormation refuses the circle.
    queues = of_type(resources, "AWS::SQS::Queue")
    closed = {n for n, queue in queues.items() if queue.get("RedriveAllowPolicy") == {"redrivePermission": "denyAll"}}
    assert queues.keys() - closed == {"DeadLetterQueue", "ArchiveDeadLetterQueue"}


def test_every_queue_refuses_what_does_not_come_over_tls(resources: Resources) -> None:
    policies = of_type(resources, "AWS::SQS::QueuePolicy").values()
    named = [queue["Ref"] for policy in policies for queue in policy["Queues"]]
    assert sorted(named) == sorted(of_type(resources, "AWS::SQS::Queue"))  # a second policy would replace the first
    for policy in policies:
        statement = policy["PolicyDocument"]["Statement"][0]
        assert (statement["Effect"], statement["Action"]) == ("Deny", "sqs:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_the_functions_alone_fill_takes_messages_from_them_alone(resources: Resources) -> None:
    closed = {
        queue["Ref"]: {name_of(role) for role in statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]}
        for policy in of_type(resources, "AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"][1:]
        for queue in policy["Queues"]
    }
    senders = {
        queue: {f"{role}.Arn" for role in ROLES if Right("sqs:SendMessage", f"{queue}.Arn") in granted(resources, role)}
        for queue in of_type(resources, "AWS::SQS::Queue")
    }
    assert closed == {queue: roles for queue, roles in senders.items() if queue in closed}
    assert closed.keys() == {"ArchiveQueue", "PublishDeadLetterQueue", "SweepDeadLetterQueue"}


def test_only_publish_may_put_events_and_only_over_tls(resources: Resources) -> None:
    """The policy is a property of the bus: statements of a resource of its own would collide between two stacks."""
    statements = properties(resources, "EventBus")["Policy"]["Statement"]
    assert [statement["Effect"] for statement in statements] == ["Deny", "Deny"]
    assert [statement["Condition"] for statement in statements] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"ArnNotEquals": {"aws:PrincipalArn": {"Fn::GetAtt": ["PublishRole", "Arn"]}}},
    ]
    assert {name_of(statement["Resource"]) for statement in statements} == {BUS_ARN}
    assert not of_type(resources, "AWS::Events::EventBusPolicy")


def test_a_message_that_fits_can_be_rejected_with_its_reason(resources: Resources) -> None:
    """SQS counts attributes too: a body at the limit of both queues could not carry the attribute `Rejected`."""
    assert properties(resources, "JobQueue")["MaximumMessageSize"] == 64 * 1024
    assert "MaximumMessageSize" not in properties(resources, "DeadLetterQueue")


def test_publish_sees_only_rows_that_have_something_to_announce(resources: Resources) -> None:
    pattern, of_bases = properties(resources, "PublishFunctionRows")["FilterCriteria"]["Filters"]
    image = json.loads(pattern["Pattern"])["dynamodb"]["NewImage"]
    base = json.loads(of_bases["Pattern"])["dynamodb"]["NewImage"]
    assert base == {
        ATTRIBUTES["base_url"]: {"S": [{"exists": True}]},
        ATTRIBUTES["base"]: {"M": {"key": {"S": [{"exists": False}]}}},
    }
    assert set(image["state"]["S"]) == {state.value for state in SHOWN}
    assert set(image[ATTRIBUTES["partition"]]["S"]) == {lane.value for lane in Partition}


def test_a_record_that_cannot_be_published_does_not_block_the_stream(resources: Resources) -> None:
    source = properties(resources, "PublishFunctionRows")
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["BisectBatchOnFunctionError"] is True
    assert 0 <= source["MaximumRetryAttempts"] <= 5
    assert 0 < source["MaximumRecordAgeInSeconds"] <= 6 * 3600
    assert source["DestinationConfig"]["OnFailure"] == {
        "Destination": {"Fn::GetAtt": ["PublishDeadLetterQueue", "Arn"]}
    }


def test_the_sweep_ticks_every_minute_and_a_lost_tick_is_kept(resources: Resources) -> None:
    [schedule] = of_type(resources, "AWS::Scheduler::Schedule").values()
    lost = {"Fn::GetAtt": ["SweepDeadLetterQueue", "Arn"]}
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": ["SweepFunction", "Arn"]}
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": lost}


def test_a_sweep_that_fails_is_kept_and_not_run_again_before_the_next_tick(resources: Resources) -> None:
    [edge] = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    assert edge["FunctionName"] == {"Ref": "SweepFunction"}
    assert edge["MaximumRetryAttempts"] == 0
    assert edge["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["SweepDeadLetterQueue", "Arn"]}
