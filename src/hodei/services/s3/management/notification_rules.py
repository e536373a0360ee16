"""Notification configurations: what S3 accepts as one, and the test message that new destinations are sent."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import ANONYMOUS, Context, service_principal
from hodei.kernel.errors import AwsError
from hodei.kernel.manifest import all_manifests
from hodei.services.s3 import errors
from hodei.services.s3.buckets import buckets
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.management import notifications
from hodei.services.s3.management.notifications import TARGETS, covers
from hodei.services.s3.state import Bucket

KINDS = {  # member -> (service, what S3's messages call the ARN)
    "QueueConfigurations": ("sqs", "Queue"),
    "TopicConfigurations": ("sns", "Topic"),
    "LambdaFunctionConfigurations": ("lambda", "CloudFunction"),
}
VALUE_LIMIT = 1024  # bytes of a filter's value
MOST = 100  # configurations of a bucket
MISSING = "The destination queue does not exist"
FORBIDDEN = "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"
UNREACHABLE = "Unable to validate the following destination configurations"
OVERLAP = "Configurations overlap. Configurations on the same bucket cannot share a common event type."

Entry = dict[str, Any]


@configuration(
    "notification",
    put="PutBucketNotificationConfiguration",
    get="GetBucketNotificationConfiguration",
    member="NotificationConfiguration",
    wrapped=False,
)
async def accept_notification(
    home: Context, bucket: Bucket, document: Any, *, SkipDestinationValidation: bool = False
) -> Any:
    """Every destination is looked up and sent a test message, unless the caller skips that."""
    kept: dict[str, Any] = {
        member: [_checked(home, member, entry) for entry in document[member]]
        for member in TARGETS
        if document.get(member)
    }
    entries = [entry for member in kept for entry in kept[member]]
    if len(entries) > MOST or len({entry["Id"] for entry in entries}) < len(entries):
        raise errors.InvalidArgument("Same ID used for multiple configurations. IDs must be unique")
    _check_overlaps(entries)
    if not SkipDestinationValidation:
        for arn in [Arn.parse(entry[TARGETS[member]]) for member in kept for entry in kept[member]]:
            await _reach(home, bucket, arn)
    if "EventBridgeConfiguration" in document:
        kept["EventBridgeConfiguration"] = {}
    return kept


def _checked(home: Context, member: str, entry: Entry) -> Entry:
    service, argument = KINDS[member]
    text = entry[TARGETS[member]]
    try:
        arn = Arn.parse(text)
    except ValueError:
        arn = None
    if arn is None or arn.service != service or not arn.account:
        raise errors.InvalidArgument("The ARN could not be parsed", ArgumentName=argument, ArgumentValue=text)
    if arn.region != home.region:
        raise errors.InvalidArgument(
            "The notification destination service region is not valid for the bucket location constraint",
            ArgumentName=f"{argument}Arn",
            ArgumentValue=text,
        )
    if arn.service == "sqs" and arn.resource.endswith(".fifo"):
        raise errors.InvalidArgument("FIFO SQS queues are not supported.", ArgumentName=argument, ArgumentValue=text)
    return {**entry, "Id": entry.get("Id") or home.ids.uuid(), **_filter(entry)}


def _filter(entry: Entry) -> Entry:
    """S3 answers the names of filter rules capitalised: Prefix, Suffix."""
    if "Filter" not in entry:
        return {}
    rules = entry["Filter"].get("Key", {}).get("FilterRules", [])
    for rule in rules:
        if "Name" not in rule or "Value" not in rule:
            raise errors.MalformedXML()
        if rule["Name"].lower() not in ("prefix", "suffix"):
            raise errors.InvalidArgument(
                "filter rule name must be either prefix or suffix",
                ArgumentName="FilterRule.Name",
                ArgumentValue=rule["Name"],
            )
        if len(rule["Value"].encode()) > VALUE_LIMIT:
            raise errors.InvalidArgument(
                "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
                ArgumentName="FilterRule.Value",
                ArgumentValue=rule["Value"],
            )
    names = [rule["Name"].lower() for rule in rules]
    for name in ("prefix", "suffix"):
        if names.count(name) > 1:
            raise errors.InvalidArgument(
                f"Cannot specify more than one {name} rule in a filter.", ArgumentName="FilterRule.Name"
            )
    listed = [{"Name": rule["Name"].capitalize(), "Value": rule["Value"]} for rule in rules]
    return {"Filter": {"Key": {"FilterRules": listed}}} if listed else {}


def _check_overlaps(entries: list[Entry]) -> None:
    """No event of a key may have two destinations. (An EventBridge configuration hears all besides.)"""
    for first, second in combinations(entries, 2):
        if _share_events(first, second) and _share_keys(first, second):
            raise errors.InvalidArgument(OVERLAP)


def _share_events(first: Entry, second: Entry) -> bool:
    pairs = product(first["Events"], second["Events"])
    return any(covers(a, b.removeprefix("s3:")) or covers(b, a.removeprefix("s3:")) for a, b in pairs)


def _share_keys(first: Entry, second: Entry) -> bool:
    prefix, other_prefix = _part(first, "Prefix"), _part(second, "Prefix")
    suffix, other_suffix = _part(first, "Suffix"), _part(second, "Suffix")
    return (prefix.startswith(other_prefix) or other_prefix.startswith(prefix)) and (
        suffix.endswith(other_suffix) or other_suffix.endswith(suffix)
    )


def _part(entry: Mapping[str, Any], name: str) -> str:
    rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    return next((rule["Value"] for rule in rules if rule["Name"] == name), "")


async def _reach(home: Context, bucket: Bucket, arn: Arn) -> None:
    """Send the test message. Raises: InvalidArgument for a destination that is not there, or does not let S3 send."""
    if arn.service not in all_manifests():
        raise errors.NotImplementedHeader(
            f"Hodei has no {arn.service} service: {arn} cannot be notified. SkipDestinationValidation stores it anyway."
        )
    there = home.at(account=arn.account, region=arn.region)
    sender = there.by(service_principal(notifications.SOURCE, bucket.account, buckets.arn(bucket)))
    is_function = arn.service == "lambda"
    reason = await (_reach_function(sender, arn) if is_function else _reach_queue(home, there, sender, bucket, arn))
    if reason:
        raise errors.InvalidArgument(UNREACHABLE, ArgumentName1=f"{arn}, null", ArgumentValue1=reason)


async def _reach_queue(home: Context, there: Context, sender: Context, bucket: Bucket, arn: Arn) -> str:
    """What stands against it; "": nothing."""
    message, reason = notifications.test_message(home, bucket).decode(), MISSING
    try:
        url = (await there.by(ANONYMOUS).call("sqs", "GetQueueUrl", QueueName=arn.resource))["QueueUrl"]
        reason = FORBIDDEN
        await sender.call("sqs", "SendMessage", QueueUrl=url, MessageBody=message)
    except AwsError as error:
        if error.is_transient:
            raise
        return reason
    return ""


async def _reach_function(sender: Context, arn: Arn) -> str:
    """Functions are sent no message, but asked whether they could be."""
    try:
        await sender.call("lambda", "Invoke", FunctionName=str(arn), InvocationType="DryRun")
    except AwsError as error:
        if error.is_transient:
            raise
        return f"Not authorized to invoke function [{arn}]"
    return ""
