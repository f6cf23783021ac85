"""Each test holds a rule of AWS or of the design that neither scanners, the scorecard nor the local cloud would see."""

import json

import pytest

from proofs.simulation.stream import SHOWN
from tests.infrastructure.rights import BUS, Right, granted, name_of
from tests.infrastructure.stack import Resources, of_type, properties
from veo4k.domain.job import ATTRIBUTES, Partition

ROLES = ("SubmitRole", "CallbackRole", "SweepRole", "SweepScheduleRole", "PublishRole", "ArchiveRole")
TWO_WEEKS = 14 * 24 * 3600


def test_each_event_source_has_its_batches_and_its_limit_of_functions(resources: Resources) -> None:
    sources = of_type(resources, "AWS::Lambda::EventSourceMapping")
    limits = {name: source.get("ScalingConfig", {}).get("MaximumConcurrency") for name, source in sources.items()}
    assert {n: (name_of(s["EventSourceArn"]), s["BatchSize"], limits[n]) for n, s in sources.items()} == {
        "SubmitFunctionJobs": ("JobQueue.Arn", 10, 2),
        "ArchiveFunctionResults": ("ArchiveQueue.Arn", 1, {"Ref": "ArchiveConcurrency"}),
        "PublishFunctionRows": ("JobTable.StreamArn", 100, None),
    }


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
    assert {queue["MessageRetentionPeriod"] for queue in of_type(resources, "AWS::SQS::Queue").values()} == {TWO_WEEKS}


def test_no_other_queue_may_send_its_dead_here(resources: Resources) -> None:
    # The two dead-letter queues of queues would name those and be named by them: CloudFormation refuses the circle.
    queues = of_type(resources, "AWS::SQS::Queue")
    closed = {n for n, queue in queues.items() if queue.get("RedriveAllowPolicy") == {"redrivePermission": "denyAll"}}
    assert queues.keys() - closed == {"DeadLetterQueue", "ArchiveDeadLetterQueue"}


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


def test_only_publish_may_put_events(resources: Resources) -> None:
    """The policy is a property of the bus: statements of a resource of its own would collide between two stacks."""
    _, others = properties(resources, "EventBus")["Policy"]["Statement"]
    assert (others["Effect"], others["Action"], name_of(others["Resource"])) == ("Deny", "events:PutEvents", BUS)
    assert others["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": {"Fn::GetAtt": ["PublishRole", "Arn"]}}}
    assert not of_type(resources, "AWS::Events::EventBusPolicy")


def test_a_message_that_fits_can_be_rejected_with_its_reason(resources: Resources) -> None:
    """SQS counts attributes too: a body at the limit of both queues could not carry the attribute `Rejected`."""
    assert properties(resources, "JobQueue")["MaximumMessageSize"] == 64 * 1024
    assert "MaximumMessageSize" not in properties(resources, "DeadLetterQueue")


def test_publish_sees_only_rows_that_have_something_to_announce(resources: Resources) -> None:
    source = properties(resources, "PublishFunctionRows")
    ends, bases = (json.loads(each["Pattern"])["dynamodb"]["NewImage"] for each in source["FilterCriteria"]["Filters"])
    assert bases == {
        ATTRIBUTES["base_url"]: {"S": [{"exists": True}]},
        ATTRIBUTES["base"]: {"M": {"key": {"S": [{"exists": False}]}}},
    }
    assert set(ends["state"]["S"]) == {state.value for state in SHOWN}
    assert set(ends[ATTRIBUTES["partition"]]["S"]) == {lane.value for lane in Partition}
    assert source["StartingPosition"] == "TRIM_HORIZON"


def test_the_sweep_runs_every_minute_and_a_lost_or_failed_run_is_kept(resources: Resources) -> None:
    [schedule] = of_type(resources, "AWS::Scheduler::Schedule").values()
    [invocation] = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
    target, kept = schedule["Target"], {"Fn::GetAtt": ["SweepDeadLetterQueue", "Arn"]}
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert target["Arn"] == {"Fn::GetAtt": ["SweepFunction", "Arn"]}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}
    assert target["DeadLetterConfig"] == {"Arn": kept}
    assert invocation["FunctionName"] == {"Ref": "SweepFunction"}
    assert invocation["MaximumRetryAttempts"] == 0  # the next minute is the retry
    assert invocation["DestinationConfig"]["OnFailure"]["Destination"] == kept
