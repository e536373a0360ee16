"""Event notifications: what happens to objects is told to queues, topics, functions and EventBridge.

Event messages have the structure of AWS's "Event message structure" page: version 2.1, 2.2 for replication, 2.3 for
lifecycle, intelligent tiering, ACL, tagging and the expiry of restored copies.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import orjson

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.manifest import all_manifests
from hodei.services.s3.buckets import buckets, configurations
from hodei.services.s3.management import eventbridge
from hodei.services.s3.state import NULL_VERSION, Bucket, Object

log = logging.getLogger("hodei.s3.notifications")

SOURCE = "s3.amazonaws.com"
TARGETS = {  # member of the configuration -> member of its entries that names the destination
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
}
VERSIONS = {"Replication": "2.2"}
NEWER = ("LifecycleExpiration", "LifecycleTransition", "IntelligentTiering", "ObjectAcl", "ObjectTagging")


def publish(home: Context, bucket: Bucket, event: str, obj: Object, extra: Mapping[str, Any] | None = None) -> None:
    """Tell whoever the bucket's configuration names of an event: "ObjectCreated:Put", "ObjectRemoved:Delete" ...

    `extra` are further members of the event record ("glacierEventData", "replicationEventData").
    """
    document = configurations.find(home, bucket, "notification")
    if not document:
        return
    for entry, arn in _wanting(document, event, obj.key):
        if Arn.parse(arn).service not in all_manifests():
            log.warning("an event of bucket %s was lost: Hodei has no service for %s", bucket.name, arn)
            continue
        record = _record(home, bucket, event, obj, entry["Id"]) | dict(extra or {})
        home.deliver(arn, orjson.dumps({"Records": [record]}), source=SOURCE, source_arn=buckets.arn(bucket))
    if "EventBridgeConfiguration" in document:
        eventbridge.emit(home, bucket, event, obj, sequencer(home, event, obj))


def test_message(home: Context, bucket: Bucket) -> bytes:
    """What every new destination is sent when the configuration is put."""
    message = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": timestamp(home.now),
        "Bucket": bucket.name,
        "RequestId": home.request_id,
        "HostId": host_id(home.request_id),
    }
    return orjson.dumps(message)


def timestamp(at: float) -> str:
    """ "2014-10-13T15:57:02.089Z"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def host_id(request_id: str) -> str:
    """The x-amz-id-2 that belongs to a request."""
    return base64.b64encode(hashlib.sha512(request_id.encode()).digest()[:56]).decode()


def _wanting(document: Mapping[str, Any], event: str, key: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """(configuration, ARN) of those destinations that want to hear of an event of that key."""
    for member, target in TARGETS.items():
        for entry in document.get(member, ()):
            if any(covers(wanted, event) for wanted in entry["Events"]) and _passes(entry, key):
                yield entry, entry[target]


def covers(wanted: str, event: str) -> bool:
    """Whether "s3:ObjectCreated:*" as configured means "ObjectCreated:Put"."""
    wanted = wanted.removeprefix("s3:")
    return event.startswith(wanted[:-1]) if wanted.endswith("*") else event == wanted


def _passes(entry: Mapping[str, Any], key: str) -> bool:
    for rule in entry.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
        value = rule.get("Value", "")
        if not (key.startswith(value) if rule["Name"].lower() == "prefix" else key.endswith(value)):
            return False
    return True


def _record(home: Context, bucket: Bucket, event: str, obj: Object, configuration: str) -> dict[str, Any]:
    family = event.partition(":")[0]
    newer = family in NEWER or event == "ObjectRestore:Delete"
    request_id = home.request_id or home.ids.upper(16)  # what comes about in time has no request
    return {
        "eventVersion": "2.3" if newer else VERSIONS.get(family, "2.1"),
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": timestamp(home.now),
        "eventName": event,
        "userIdentity": {"principalId": _requester(home)},
        "requestParameters": {"sourceIPAddress": home.request.client if home.request else SOURCE},
        "responseElements": {"x-amz-request-id": request_id, "x-amz-id-2": host_id(request_id)},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": customer_id(bucket.account)},
                "arn": buckets.arn(bucket),
            },
            "object": _object(home, event, obj),
        },
    }


def _object(home: Context, event: str, obj: Object) -> dict[str, Any]:
    """What a message says of the object: of a removed one no size, of changed tags or ACLs no size and no sequencer."""
    family, _, kind = event.partition(":")
    # Slashes stay, whatever "URL encoded" in the documentation means: minio issue 11665 compares with AWS.
    told: dict[str, Any] = {"key": quote_plus(obj.key, safe="/*-._")}
    attributes_only = family in ("ObjectTagging", "ObjectAcl")
    if family in ("ObjectRemoved", "LifecycleExpiration"):
        if kind == "DeleteMarkerCreated":
            told["eTag"] = "d41d8cd98f00b204e9800998ecf8427e"
    else:
        if not attributes_only:
            told["size"] = obj.size
        told["eTag"] = obj.etag
    if obj.version_id != NULL_VERSION:
        told["versionId"] = obj.version_id
    if not attributes_only:
        told["sequencer"] = sequencer(home, event, obj)
    return told


def sequencer(home: Context, event: str, obj: Object) -> str:
    """Grows, as hexadecimal text, with every event that creates or removes a version of a key."""
    removed = event in ("ObjectRemoved:Delete", "LifecycleExpiration:Delete")
    return f"{max(int(home.now * 1e6), obj.sequence + 1) if removed else obj.sequence:016X}"


def _requester(home: Context) -> str:
    principal = home.principal
    if principal.account:
        return f"AWS:{customer_id(principal.account)}"
    return f"AmazonCustomer:{customer_id(home.account)}" if home.request is None else "Anonymous"


def customer_id(account: str) -> str:
    """The principal id that event messages give for an account: 14 capitals and digits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    digest = hashlib.sha256(f"customer {account}".encode()).digest()
    return "A" + "".join(alphabet[byte & 31] for byte in digest[:13])
