"""What the doctor makes of a deployment: pure, from what AWS reports."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from veo4k_cli.findings import Finding, Findings, Verdict
from veo4k_cli.words import harmless, many

MOVED, FORBIDDEN, GONE = 301, 403, 404
BUCKET_PROBLEMS = frozenset({MOVED, FORBIDDEN, GONE})
"""HTTP statuses with which S3 says what is wrong with a bucket."""
ENABLED = "ENABLED"
FEW = 50  # concurrent executions below which the stack's functions may wait for each other
TOPIC, BUCKET, CONCURRENCY, ALARMS = "alarm topic", "archive bucket", "Lambda concurrency", "alarms"
PENDING, DELETED = "PendingConfirmation", "Deleted"
_CHANGING = frozenset({"Creating", "Enabling", "Updating"})
_SOON = "Run veo4k doctor again in a minute."
_BACK = "Deploy the former version, or take the changed parameter back. Then find the cause in the logs."
_DRIFT = "Detect the stack's drift in CloudFormation, then restore what is missing."


def about_function(name: str) -> str:
    """Return the subject of findings on a function."""
    return f"function {name}"


def about_trigger(name: str) -> str:
    """Return the subject of findings on what invokes a function."""
    return f"trigger of {name}"


def stack(where: str, status: str, provider_api: str) -> Finding:
    """Judge the status of the stack."""
    text = f"{where}; provider contract: {provider_api}."
    if status.endswith("_IN_PROGRESS"):
        return Finding("stack", Verdict.WARN, f"{text} A deployment is running ({status}).", _SOON)
    if "ROLLBACK" in status or status.endswith("_FAILED"):
        todo = "Read the reason among the stack's events in CloudFormation, fix it and deploy again."
        return Finding("stack", Verdict.ACT, f"{text} The last deployment failed ({status}).", todo)
    return Finding("stack", Verdict.WELL, text)


def unready(name: str, configuration: Mapping[str, Any]) -> Finding | None:
    """Judge the state of a function. Return None where the function can be invoked."""
    about, state = about_function(name), configuration.get("State", "Active")
    update = configuration.get("LastUpdateStatus", "Successful")
    if "Failed" in (state, update):
        codes = [configuration.get(key) for key in ("StateReasonCode", "LastUpdateStatusReasonCode")]
        why = ", ".join(code for code in codes if code) or "no reason given"
        text = f"AWS could not prepare it ({why})."
        return Finding(about, Verdict.ACT, text, "Fix what the reason names, then deploy again.")
    if state == "Pending" or update == "InProgress":
        return Finding(about, Verdict.WARN, "AWS is still preparing it.", _SOON)
    if state == "Inactive":
        text = "AWS has put it to sleep, because nothing has invoked it for weeks. The next job wakes it."
        return Finding(about, Verdict.NOTE, text)
    return None


def raised(name: str, error: str) -> Finding:
    """Judge a function that failed on its test event; `error`: in words, without what may be secret."""
    return Finding(about_function(name), Verdict.ACT, f"{error[0].upper()}{error[1:]}.", _BACK)


def answered(name: str, proves: str, *, is_right: bool) -> Finding:
    """Judge the response to a test event; `proves`: what a right one means."""
    if is_right:
        return Finding(about_function(name), Verdict.WELL, proves)
    text = "It responded to its test event with an error: it cannot reach what it needs."
    todo = (
        "Read its warnings in the stack's log group. Compare its role's rights with the template; "
        "with SubnetIds, check the subnets' NAT gateway."
    )
    return Finding(about_function(name), Verdict.ACT, text, todo)


def mappings(name: str, listed: Sequence[Mapping[str, Any]]) -> Findings:
    """Judge the event source mappings of a function."""
    about = about_trigger(name)
    if not listed:
        yield Finding(about, Verdict.ACT, "Its event source mapping is missing: nothing invokes it.", _DRIFT)
    for mapping in listed:
        yield _mapping(about, mapping["UUID"], mapping["State"], mapping.get("LastProcessingResult", ""))


def _mapping(about: str, uuid: str, state: str, result: str) -> Finding:
    if state in _CHANGING:
        return Finding(about, Verdict.WARN, f"Its event source mapping is {state}.", _SOON)
    if state != "Enabled":
        text = f"Its event source mapping is {state}: nothing invokes the function."
        todo = f"aws lambda update-event-source-mapping --uuid {uuid} --enabled"
        return Finding(about, Verdict.ACT, text, todo)
    if result.startswith("PROBLEM"):
        text = f"Its event source mapping is Enabled, but Lambda reports: {harmless(result)}"
        return Finding(about, Verdict.WARN, text, "Read the function's errors in the stack's log group.")
    return Finding(about, Verdict.WELL, "Its event source mapping is Enabled.")


def schedule(found: Mapping[str, Any]) -> Finding:
    """Judge the schedule of the sweep."""
    about = about_trigger("sweep")
    if found["State"] == ENABLED:
        return Finding(about, Verdict.WELL, f"Its schedule is ENABLED, {found['ScheduleExpression']}.")
    text = f"Its schedule {found['Name']} is {found['State']}: no job is retried, polled or ended."
    return Finding(about, Verdict.ACT, text, "Enable the schedule in the console of EventBridge Scheduler.")


def concurrency(limit: int, unreserved: int, archives: str) -> Finding:
    """Judge the account's Lambda concurrency; `archives`: the parameter ArchiveConcurrency."""
    text = f"{limit:,} invocations may run at the same time in this account and region, {unreserved:,} unreserved."
    if unreserved >= FEW:
        return Finding(CONCURRENCY, Verdict.WELL, text)
    text += f" Archive may take {archives or 'many'} of these. Callbacks and the sweep may have to wait then."
    todo = (
        "Request a higher quota for Lambda's concurrent executions (docs/operations.md, Young accounts). "
        "Until then deploy with a smaller ArchiveConcurrency."
    )
    return Finding(CONCURRENCY, Verdict.WARN, text, todo)


class BucketPlace(NamedTuple):
    """A bucket, its region as far as S3 reports it, and the region of the stack."""

    name: str
    region: str
    wanted: str


def bucket(place: BucketPlace, status: int, *, is_users: bool) -> Finding:
    """Judge the archive bucket; `status`: of HeadBucket; `is_users`: the parameter ArchiveBucketName names it."""
    instead = f"Set ArchiveBucketName to a bucket of this account in {place.wanted}, then deploy."
    if status == GONE:
        todo = instead if is_users else _DRIFT
        return Finding(BUCKET, Verdict.ACT, f"The bucket {place.name} does not exist: no video is archived.", todo)
    if status == MOVED or (place.region and place.region != place.wanted):
        text = f"The bucket {place.name} is in {place.region or 'another region'}, the stack in {place.wanted}."
        return Finding(BUCKET, Verdict.ACT, f"{text} No video is archived.", instead)
    if status == FORBIDDEN:
        text = f"The bucket {place.name} belongs to another account, or you lack s3:ListBucket on it."
        todo = f"Check your own rights. If another account owns it: {instead[0].lower()}{instead[1:]}"
        return Finding(BUCKET, Verdict.ACT, text, todo if is_users else "Check your own rights to the bucket.")
    owner = "Your bucket" if is_users else "The stack's own bucket"
    where = f" in {place.region}" if place.region else ""
    return Finding(BUCKET, Verdict.WELL, f"{owner} {place.name} is there{where}, in this account.")


def subscriptions(topic: str, listed: Sequence[Mapping[str, str]], email: str) -> Findings:
    """Judge the subscriptions of the alarm topic; `email`: the parameter AlarmEmail.

    An endpoint may be a URL with a secret in it, so none is shown.
    """
    pending = sum(one["SubscriptionArn"] == PENDING for one in listed)
    confirmed = [one for one in listed if one["SubscriptionArn"] not in (PENDING, DELETED)]
    has_email = any(one["Protocol"].startswith("email") and one["Endpoint"] == email for one in confirmed)
    kind, silence = (Verdict.WARN, "") if confirmed else (Verdict.ACT, ", so alarms reach nobody")
    if pending:
        text = f"Not confirmed: {many(pending, 'subscription')}{silence}."
        todo = "Open the link in the confirmation message. SNS deletes an unconfirmed subscription after three days."
        yield Finding(TOPIC, kind, text, todo)
    elif email and not has_email:
        address = f"--topic-arn {topic} --protocol email --notification-endpoint {email}"
        todo = f"aws sns subscribe {address}; then open the link in the confirmation message."
        yield Finding(TOPIC, kind, f"The subscription of AlarmEmail is gone{silence}.", todo)
    elif not confirmed:
        todo = f"Set AlarmEmail and deploy, or subscribe a chat or a pager to {topic}."
        yield Finding(TOPIC, Verdict.WARN, "It has no subscription, so alarms reach nobody.", todo)
    else:
        yield Finding(TOPIC, Verdict.WELL, f"It has {many(len(confirmed), 'confirmed subscription')}.")


def firing(names: Sequence[str], *, local: bool) -> Finding:
    """Judge the alarms that fire; `names`: as the template calls them."""
    if not names:
        return Finding(ALARMS, Verdict.WELL, "No alarm fires.")
    kind = Verdict.NOTE if local else Verdict.ACT
    return Finding(ALARMS, kind, f"Firing: {', '.join(names)}.", "docs/alarms.md says what to do.")
