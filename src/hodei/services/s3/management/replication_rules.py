"""Replication configurations: what S3 accepts as one, and which rule decides for an object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.s3 import errors, state
from hodei.services.s3.buckets import configurations
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.filters import check_filter, filter_of
from hodei.services.s3.management import storage
from hodei.services.s3.state import Bucket, Object

KIND = "replication"
MOST_RULES = 1000
OF_KMS = ("SourceSelectionCriteria", "SseKmsEncryptedObjects")
SCHEMA = "this version of Cross Region Replication configuration schema."
GUIDE = "Please refer to S3 Developer Guide for more information."

Rule = dict[str, Any]


def rules_for(home: Context, bucket: Bucket, obj: Object) -> dict[str, Rule]:
    """The rule that decides for an object, by destination bucket: of several for one that of the highest priority."""
    document = configurations.find(home, bucket, KIND)
    found: dict[str, Rule] = {}
    for rule in document["Rules"] if document else ():
        if rule["Status"] != "Enabled" or not _covers(rule, obj):
            continue
        name = destination(rule)
        if name not in found or found[name].get("Priority", 0) < rule.get("Priority", 0):
            found[name] = rule
    return found


def destination(rule: Mapping[str, Any]) -> str:
    """The name of the bucket that a rule replicates to."""
    return Arn.parse(rule["Destination"]["Bucket"]).resource


def enabled(rule: Mapping[str, Any], *path: str) -> bool:
    """Whether the `Status` at that path of a rule says so."""
    found: Mapping[str, Any] = rule
    for name in path:
        found = found.get(name, {})
    return found.get("Status") == "Enabled"


def _covers(rule: Rule, obj: Object) -> bool:
    """Objects under KMS keys and delete markers go along where the rule says so; rules of the first version, without a
    filter, replicate the markers."""
    if not filter_of(rule).matches(obj) or (obj.encryption.kms_key and not enabled(rule, *OF_KMS)):
        return False
    return not obj.marker or "Filter" not in rule or enabled(rule, "DeleteMarkerReplication")


@configuration(
    KIND,
    put="PutBucketReplication",
    get="GetBucketReplication",
    delete="DeleteBucketReplication",
    member="ReplicationConfiguration",
    missing=errors.ReplicationConfigurationNotFoundError,
)
def accept_replication(home: Context, bucket: Bucket, document: Any, *, Token: str | None = None) -> Any:
    """Token is for adding a rule to a bucket with object lock that has none yet; AWS Support gives it out."""
    if bucket.versioning != "Enabled":
        raise errors.InvalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    rules = document.get("Rules", [])
    if not 1 <= len(rules) <= MOST_RULES or not document.get("Role"):
        raise errors.MalformedXML()
    named = [rule if rule.get("ID") else {**rule, "ID": home.ids.url_token(36)} for rule in rules]
    if len({rule["ID"] for rule in named}) < len(named):
        raise errors.InvalidRequest("Found duplicate ID in the rules.")
    for rule in named:
        _check_rule(home, bucket, rule)
    _check_priorities(named)
    return {**document, "Rules": named}


def _check_rule(home: Context, bucket: Bucket, rule: Rule) -> None:
    if rule["Status"] not in ("Enabled", "Disabled") or ("Filter" in rule and "Prefix" in rule):
        raise errors.MalformedXML()
    check_filter(rule)
    if "Filter" in rule:
        for name in ("DeleteMarkerReplication", "Priority"):
            if name not in rule:
                raise errors.InvalidRequest(f"{name} must be specified for {SCHEMA} {GUIDE}")
        if filter_of(rule).tags and enabled(rule, "DeleteMarkerReplication"):
            raise errors.InvalidRequest(
                f"Delete marker replication is not supported if any Tag filter is specified. {GUIDE}"
            )
    if enabled(rule, *OF_KMS) and not rule["Destination"].get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID"):
        raise errors.InvalidRequest("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
    _check_destination(home, bucket, rule["Destination"])


def _check_destination(home: Context, bucket: Bucket, given: Mapping[str, Any]) -> None:
    try:
        arn = Arn.parse(given["Bucket"])
    except ValueError:
        raise errors.InvalidArgument("Invalid bucket ARN.") from None
    target = state.buckets.get(home, arn.resource)
    if target is None or target.versioning != "Enabled":
        raise errors.InvalidRequest("Destination bucket must have versioning enabled.")
    if target.name == bucket.name:
        raise errors.InvalidRequest("Destination bucket cannot be the same as the source bucket.")
    if bucket.object_lock and not target.object_lock:
        raise errors.InvalidRequest("Replication destination bucket must have object lock enabled.")
    if given.get("StorageClass", "STANDARD") not in storage.CLASSES:
        raise errors.MalformedXML()
    if "AccessControlTranslation" in given and "Account" not in given:
        raise errors.InvalidRequest("Account must be specified when AccessControlTranslation is.")
    if given.get("Account", target.account) != target.account:
        raise errors.InvalidRequest("Destination bucket is not owned by the account specified.")


def _check_priorities(rules: Iterable[Rule]) -> None:
    seen = set()
    for pair in _priorities(rules):
        if pair in seen:
            raise errors.InvalidRequest(f"Found duplicate priority {pair[1]} for rules of one destination.")
        seen.add(pair)


def _priorities(rules: Iterable[Rule]) -> Iterator[tuple[str, int]]:
    return ((destination(rule), rule["Priority"]) for rule in rules if "Priority" in rule)
