"""Logs of experiments, delivered as AWS's log delivery does, to a bucket or a log group: once at the beginning, the
rest at the end.

https://docs.aws.amazon.com/fis/latest/userguide/monitoring-logging.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import hodei.services.logs.api as log_groups
from hodei.kernel.arns import partition_of
from hodei.kernel.context import Context, Principal, service_principal
from hodei.kernel.deliver import insist
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.services.fis import errors
from hodei.services.fis.effects.effect import Failure
from hodei.services.fis.service import fis
from hodei.services.fis.state import Experiment, LogRecord, Resource, Wire, experiments, log_records

TO_BUCKET, TO_GROUP = "s3Configuration", "cloudWatchLogsConfiguration"
GROUP = re.compile(r"arn:[\w-]+:logs:[\w-]+:\d{12}:log-group:(?P<name>[^:*]+)(:\*)?")
POLICY, LETS_IN = "AWSLogDeliveryWrite20150319", "AWSLogDeliveryWrite"
SENDER = "delivery.logs.amazonaws.com"
ACL = "bucket-owner-full-control"
TIMER = "deliver_log"
RETRY_SECONDS = 60.0
OF_VERSION_2 = ("target-resolution-detail", "action-error")


def checked(given: Mapping[str, Any] | None) -> Wire | None:
    """The configuration of a template; an empty one turns logs off. Raises: ValidationException."""
    if not given:
        return None
    if given.get("logSchemaVersion") not in (1, 2):
        raise errors.ValidationException(reason="logSchemaVersion must be 1 or 2.")
    group = given.get(TO_GROUP)
    if group is not None and not GROUP.fullmatch(group["logGroupArn"]):
        raise errors.ValidationException(reason=f"{group['logGroupArn']} is not the ARN of a log group.")
    if group is None and TO_BUCKET not in given:
        raise errors.ValidationException(reason="A log configuration must have a destination.")
    return dict(given)


def note(ctx: Context, experiment: Experiment, log_type: str, **details: Any) -> None:
    """Write a record down, if the experiment has a log. Times are given as numbers."""
    version = _version(experiment)
    if not version or (log_type in OF_VERSION_2 and version < 2):
        return
    record = {
        "id": experiment.id,
        "log_type": log_type,
        "event_timestamp": _time(ctx.now),
        "version": str(version),
        "details": {name: _time(value) if name.endswith("_time") else value for name, value in details.items()},
    }
    last = next(log_records.keys(ctx, experiment.id, reverse=True), (experiment.id, 0))
    log_records.put(ctx, LogRecord(experiment=experiment.id, number=last[1] + 1, text=json.dumps(record), at=ctx.now))


def note_resolved(
    ctx: Context, experiment: Experiment, target: str, found: list[Resource], accounts: list[str]
) -> None:
    """What a target has been resolved to."""
    named = {"target_name": target, "target_type": experiment.targets[target]["resourceType"]}
    note(ctx, experiment, "target-resolution-start", target_resolution_start_time=ctx.now, target_name=target)
    for account in accounts:
        count = sum(one.account == account for one in found)
        counted = {"account_id": account, "resolved_targets_count": count, "status": "completed"}
        note(ctx, experiment, "target-resolution-detail", target_resolution_end_time=ctx.now, **named, **counted)
    note(
        ctx,
        experiment,
        "target-resolution-end",
        target_resolution_end_time=ctx.now,
        **named,
        resolved_targets=[{"arn": one.arn} for one in found]
        if _version(experiment) > 1
        else [one.arn for one in found],
        page=1,
        total_pages=1,
    )


def note_start(ctx: Context, experiment: Experiment, name: str) -> None:
    action = experiment.actions[name]
    parameters = {"parameters": action.given["parameters"]} if action.given.get("parameters") else {}
    note(
        ctx,
        experiment,
        "action-start",
        action_name=name,
        action_id=action.given["actionId"],
        action_start_time=action.started,
        action_targets=action.given.get("targets", {}),
        **parameters,
    )


def note_end(ctx: Context, experiment: Experiment, name: str) -> None:
    action = experiment.actions[name]
    state = {"status": action.status, "reason": action.reason}
    named = {"action_name": name, "action_id": action.given["actionId"]}
    note(ctx, experiment, "action-end", **named, action_end_time=action.ended, action_state=state)


def note_error(ctx: Context, experiment: Experiment, name: str, account: str) -> None:
    action = experiment.actions[name]
    state = {"status": action.status, "reason": action.reason}
    named = {"action_name": name, "action_id": action.given["actionId"]}
    note(ctx, experiment, "action-error", **named, account_id=account, action_state=state)


async def begin(ctx: Context, experiment: Experiment, caller: Principal) -> None:
    """Raises: Failure, where the role may not or the bucket lets nobody in."""
    note(
        ctx,
        experiment,
        "experiment-start",
        experiment_template_id=experiment.template,
        experiment_start_time=experiment.started,
    )
    if experiment.log is None:
        return
    try:
        check(ctx.by(caller), [Need("logs:CreateLogDelivery", "*")], {})
        if group := experiment.log.get(TO_GROUP):
            await _let_in(ctx.by(caller), group["logGroupArn"])
        await _deliver(ctx, experiment)
    except AwsError as error:
        raise Failure("ConfigurationFailure", f"Unable to deliver logs. {error.message}", location="logs") from error


def finish(ctx: Context, experiment: Experiment) -> None:
    """Have the rest delivered, some time after the end."""
    note(
        ctx,
        experiment,
        "experiment-end",
        experiment_end_time=experiment.ended,
        experiment_state={"status": experiment.status, "reason": experiment.reason},
    )
    if experiment.log is not None:
        ctx.timers.set(ctx, TIMER, ctx.now, experiment.id)


@fis.timer(TIMER)
def deliver(ctx: Context, id: str) -> None:
    if experiment := experiments.get(ctx, id):
        ctx.timers.set(ctx, TIMER, ctx.now + RETRY_SECONDS, id)
        ctx.timers.spawn(_deliver_rest(ctx, experiment))


async def _deliver_rest(ctx: Context, experiment: Experiment) -> None:
    """A bucket that lets nobody in any more gets nothing; one that S3 has trouble with is tried again by the timer."""
    try:
        await _deliver(ctx, experiment)
    except AwsError as error:
        if error.is_transient:
            return
        log_records.delete_all(ctx, experiment.id)
    ctx.timers.cancel(ctx, TIMER, experiment.id)


async def _deliver(ctx: Context, experiment: Experiment) -> None:
    """Put what has been written down since into an object. Raises: AwsError."""
    records = list(log_records.scan(ctx, experiment.id))
    if not records or experiment.log is None:
        return
    source = f"arn:{partition_of(ctx.region)}:logs:{ctx.region}:{ctx.account}:delivery-source:{experiment.id}"
    sender = ctx.by(service_principal(SENDER, ctx.account, source))
    if given := experiment.log.get(TO_BUCKET):
        body = "".join(f"{record.text}\n" for record in records).encode()
        key = _key(ctx, experiment.id, given.get("prefix", ""))
        await insist(sender, "s3", "PutObject", Bucket=given["bucketName"], Key=key, Body=body, ACL=ACL)
    if given := experiment.log.get(TO_GROUP):
        _write(sender, given["logGroupArn"], experiment.id, records)
    for record in records:
        log_records.delete(ctx, record.experiment, record.number)


async def _let_in(ctx: Context, arn: str) -> None:
    """Who may have logs delivered to a group lets AWS's delivery in by that. Raises: AwsError, Failure.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-CloudWatchLogs.html
    """
    if not log_groups.exists(ctx, arn):
        raise Failure("ConfigurationFailure", f"Unable to deliver logs. There is no {arn}.", location="logs")
    found = await insist(ctx, "logs", "DescribeResourcePolicies")
    texts = [one["policyDocument"] for one in found["resourcePolicies"] if one["policyName"] == POLICY]
    given = json.loads(texts[0])["Statement"] if texts else []
    statements = [given] if isinstance(given, dict) else given
    others = [one for one in statements if one.get("Sid") != LETS_IN]
    resources = [resource for one in statements if one not in others for resource in one["Resource"]]
    resource = f"{arn.removesuffix(':*')}:log-stream:*"
    if resource in resources:
        return
    statement = {
        "Sid": LETS_IN,
        "Effect": "Allow",
        "Principal": {"Service": [SENDER]},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": [*resources, resource],
        "Condition": {"StringEquals": {"aws:SourceAccount": [ctx.account]}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [*others, statement]})
    await insist(ctx, "logs", "PutResourcePolicy", policyName=POLICY, policyDocument=document)


def _write(sender: Context, arn: str, id: str, records: list[LogRecord]) -> None:
    """Raises: AwsError."""
    group = GROUP.fullmatch(arn)
    assert group
    log_groups.allowed(sender, ("CreateLogStream", "PutLogEvents"), group["name"], id)
    log_groups.write(sender, group["name"], id, [(int(record.at * 1000), record.text) for record in records])


def _key(ctx: Context, id: str, prefix: str) -> str:
    at = datetime.fromtimestamp(ctx.now, UTC)
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    name = f"{ctx.account}_awsfislogs_{ctx.region}_{id}_{at:%Y%m%d%H%M}Z_{ctx.ids.hex(8)}.log"
    return f"{folder}AWSLogs/{ctx.account}/fis/{ctx.region}/{id}/{at:%Y/%m/%d}/{name}"


def _version(experiment: Experiment) -> int:
    """Of the schema; 0: the experiment has no log."""
    return int(experiment.log["logSchemaVersion"]) if experiment.log else 0


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
