"""Replication: what is created in a bucket appears in other buckets, in any region and account, a moment later.

Each version to be replicated is a durable timer that is due at once, so nothing is lost with the process. A replica
keeps the version id and all that belongs to the version; its body is cloned, not sent. Replicas are not replicated on.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.s3 import state, subjects
from hodei.services.s3.buckets import buckets
from hodei.services.s3.content import bodies, encryption
from hodei.services.s3.management import notifications, replication_pauses, replication_roles
from hodei.services.s3.management.replication_rules import Rule, enabled, rules_for
from hodei.services.s3.objects import versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object

REPLICA = "REPLICA"
KMS_REASONS = {"KMS.NotFoundException": "DstKmsKeyNotFound", "AccessDenied": "DstPutObjNotPermitted"}
FOLLOWING = ("tags", "acl", "lock_mode", "lock_until", "legal_hold")  # what changes of a version after it was made


def replicate(home: Context, bucket: Bucket, obj: Object) -> None:
    """Have a new version (or delete marker) replicated as the bucket's rules say. Called once it is stored."""
    if "replication" in bucket.configured and obj.replication != REPLICA and rules_for(home, bucket, obj):
        _schedule(home, obj)


def follow(home: Context, bucket: Bucket, obj: Object) -> None:
    """Have changed tags, ACL, retention or legal hold of a version follow it to where it was replicated."""
    if "replication" not in bucket.configured or not obj.replication:
        return
    rules = rules_for(home, bucket, obj).values()
    if obj.replication != REPLICA:
        if rules:
            _schedule(home, obj)
    elif any(enabled(rule, "SourceSelectionCriteria", "ReplicaModifications") for rule in rules):
        home.timers.set(home, "replicate", home.now, obj.bucket, obj.key, obj.version_id)


def _schedule(home: Context, obj: Object) -> None:
    if not obj.marker:
        versions.update(home, replace(obj, replication="PENDING"))
    home.timers.set(home, "replicate", home.now, obj.bucket, obj.key, obj.version_id)


@s3.timer("replicate")
def replicate_now(home: Context, name: str, key: str, version_id: str) -> None:
    """Bring one version, or what has changed of it, to all its destinations."""
    bucket = subjects.bucket_at(home, name)
    obj = versions.find(home, bucket, key, version_id) if bucket is not None else None
    if bucket is None or obj is None:
        return
    rules = rules_for(home, bucket, obj)
    paused = replication_pauses.paused(home, bucket, rules)
    reached = [_bring(home, bucket, obj, target, rule) for target, rule in rules.items() if target not in paused]
    if paused:
        replication_pauses.hold(home, obj)
    elif obj.replication == "PENDING":
        versions.update(home, replace(obj, replication="COMPLETED" if all(reached) else "FAILED"))


def _bring(home: Context, bucket: Bucket, obj: Object, name: str, rule: Rule) -> bool:
    """Bring a version to one destination; whether that was possible."""
    target = state.buckets.get(home, name)
    if target is None or target.versioning != "Enabled":
        _failed(home, bucket, obj, rule, "DstBucketNotFound" if target is None else "DstBucketUnversioned")
        return False
    if reason := replication_roles.refusal(home, bucket, obj, target, rule):
        _failed(home, bucket, obj, rule, reason)
        return False
    place = buckets.home(home, target)
    existing = versions.find(place, target, obj.key, obj.version_id)
    if existing is not None:
        versions.update(place, replace(existing, **_following(target, obj)))
    elif obj.replication == REPLICA:
        return True
    elif obj.encryption.customer_key_md5:
        # Its small bodies cannot be sealed anew without the customer's key.
        _failed(home, bucket, obj, rule, "SrcObjectNotEligible")
        return False
    elif reason := _create(home, bucket, obj, place, target, rule):
        _failed(home, bucket, obj, rule, reason)
        return False
    return True


def _create(home: Context, bucket: Bucket, obj: Object, place: Context, target: Bucket, rule: Rule) -> str:
    """Why KMS lets make no replica, "" once there is one."""
    given, role = rule["Destination"], replication_roles.acting(home, bucket)
    kms_key = given.get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID", "")
    try:
        key = encryption.opening(home.by(role), obj, {})
    except AwsError:
        return "SrcGetObjNotPermitted"
    try:
        sealed = encryption.of_replica(place.by(role), target.name, obj, kms_key, key)
    except AwsError as error:
        return KMS_REASONS.get(error.code, "DstKmsKeyInvalidState")
    translated = given.get("AccessControlTranslation", {}).get("Owner") == "Destination"
    replica = replace(
        obj,
        bucket=target.name,
        owner=target.account if translated else obj.owner,
        pieces=bodies.clone(home, place, key, obj.pieces),
        encryption=sealed,
        storage_class=given.get("StorageClass", obj.storage_class),
        replication=REPLICA,
        restored_until=0.0,
        restore_ready=0.0,
        **({"acl": {}} if translated else {}),
    )
    if not target.object_lock:
        replica = replace(replica, lock_mode="", lock_until=0.0, legal_hold=None)
    event = "ObjectRemoved:DeleteMarkerCreated" if obj.marker else "ObjectCreated:Put"
    versions.add_version(place, target, replica, event=event, version_id=obj.version_id)
    return ""


def _following(target: Bucket, obj: Object) -> dict[str, Any]:
    names = FOLLOWING if target.object_lock else FOLLOWING[:2]
    return {name: getattr(obj, name) for name in names}


def _failed(home: Context, bucket: Bucket, obj: Object, rule: Rule, reason: str) -> None:
    data = {
        "replicationRuleId": rule["ID"],
        "destinationBucket": rule["Destination"]["Bucket"],
        "s3Operation": "OBJECT_DELETE" if obj.marker else "OBJECT_PUT",
        "requestTime": notifications.timestamp(obj.modified),
        "failureReason": reason,
    }
    event = "Replication:OperationFailedReplication"
    notifications.publish(home, bucket, event, obj, {"replicationEventData": data})
