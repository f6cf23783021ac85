"""Checks of the alarms and of who receives them."""

from collections.abc import Mapping, Sequence
from typing import Any

from veo4k_cli.checks.finding import Finding, Findings, Verdict
from veo4k_cli.command import Session
from veo4k_cli.formatting import plural
from veo4k_cli.stack import Stack

TOPIC, ALARMS = "alarm topic", "alarms"
PENDING, DELETED = "PendingConfirmation", "Deleted"


def check_topic(session: Session) -> Findings:
    """Check that a person receives the alarms."""
    stack = session.stack
    topic = stack.output("AlarmTopicArn")
    if stack.local:
        yield Finding(TOPIC, Verdict.NOTE, "The local cloud sends its alarms nowhere.")
        return
    pages = stack.client("sns").get_paginator("list_subscriptions_by_topic")
    subscriptions = [found for page in pages.paginate(TopicArn=topic) for found in page["Subscriptions"]]
    yield judge_subscriptions(topic, subscriptions, stack.parameter("AlarmEmail"))


def judge_subscriptions(topic: str, subscriptions: Sequence[Mapping[str, str]], email: str) -> Finding:
    """Judge the subscriptions of the alarm topic. `email`: the parameter AlarmEmail.

    An endpoint may be a URL with a secret in it, so none is shown.
    """
    pending = sum(one["SubscriptionArn"] == PENDING for one in subscriptions)
    confirmed = [one for one in subscriptions if one["SubscriptionArn"] not in (PENDING, DELETED)]
    has_email = any(one["Protocol"].startswith("email") and one["Endpoint"] == email for one in confirmed)
    verdict, consequence = (Verdict.WARN, "") if confirmed else (Verdict.ACT, ", so alarms reach no one")
    if pending:
        text = f"{plural(pending, 'subscription')} {'is' if pending == 1 else 'are'} not confirmed{consequence}."
        todo = "Open the link in the confirmation message. SNS deletes an unconfirmed subscription after three days."
        return Finding(TOPIC, verdict, text, todo)
    if email and not has_email:
        address = f"--topic-arn {topic} --protocol email --notification-endpoint {email}"
        todo = f"Run aws sns subscribe {address}, then open the link in the confirmation message."
        return Finding(TOPIC, verdict, f"The subscription of AlarmEmail is gone{consequence}.", todo)
    if not confirmed:
        todo = f"Set AlarmEmail and deploy, or subscribe a chat or a pager to {topic}."
        return Finding(TOPIC, Verdict.WARN, f"The topic has no subscription{consequence}.", todo)
    return Finding(TOPIC, Verdict.WELL, f"The topic has {plural(len(confirmed), 'confirmed subscription')}.")


def check_alarms(session: Session) -> Findings:
    """Check which of the stack's alarms fire."""
    firing = firing_alarms(session.stack)
    yield judge_firing([alarm["name"] for alarm in firing], is_local=session.stack.local)


def firing_alarms(stack: Stack) -> list[dict[str, Any]]:
    """Return the stack's alarms that fire: CloudWatch's description, and as `name` the name in the template."""
    ids = {one.physical_id: one.logical_id for one in stack.resources() if one.kind == "AWS::CloudWatch::Alarm"}
    found = stack.client("cloudwatch").describe_alarms(AlarmNames=sorted(ids), StateValue="ALARM")["MetricAlarms"]
    named = [dict(alarm) | {"name": ids[alarm["AlarmName"]]} for alarm in found if alarm["AlarmName"] in ids]
    return sorted(named, key=lambda alarm: str(alarm["name"]))


def judge_firing(names: Sequence[str], *, is_local: bool) -> Finding:
    """Judge the alarms that fire, by their names in the template."""
    if not names:
        return Finding(ALARMS, Verdict.WELL, "No alarm fires.")
    verdict = Verdict.NOTE if is_local else Verdict.ACT
    return Finding(ALARMS, verdict, f"Firing: {', '.join(names)}.", "docs/alarms.md says what to do.")
