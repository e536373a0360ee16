"""Lifecycle rules at work: every midnight (UTC) objects move to colder classes and expire, uploads are given up.

A pass over a bucket goes in batches of keys, each the work of a timer of its own. What AWS's pages on conflicts say
decides between actions: deletion for good before a transition, a transition before a delete marker, and one action on a
version each day.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby, islice
from typing import Any, NamedTuple

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.services.s3 import state, subjects
from hodei.services.s3.buckets import configurations
from hodei.services.s3.filters import Filter, filter_of
from hodei.services.s3.management import lock, notifications, storage
from hodei.services.s3.management.lifecycle_rules import KIND, MINIMUM_SIZES
from hodei.services.s3.management.storage import DAY, http_date, next_midnight
from hodei.services.s3.objects import parts, versions
from hodei.services.s3.service import s3
from hodei.services.s3.state import Bucket, Object

KEYS = 200  # keys (or uploads) a batch
SMALLEST = 128 * 1024  # bytes; smaller objects do not move unless a filter by size says so
ANY_SIZE = ("GLACIER", "DEEP_ARCHIVE")  # classes that small objects move to where it varies by class

Action = Mapping[str, Any]


class Rule(NamedTuple):
    """An enabled rule."""

    id: str
    filter: Filter
    expiration: Action
    transitions: tuple[Action, ...]
    noncurrent_expiration: Action
    noncurrent_transitions: tuple[Action, ...]
    abort_days: int
    smallest: Mapping[str, int]  # storage class -> bytes of the smallest object that moves there


# what others ask


def expiration(home: Context, bucket: Bucket, obj: Object) -> dict[str, str]:
    """`Expiration` of a response about the latest version (x-amz-expiration), if a rule will expire it."""
    found = [
        (due, rule.id)
        for rule in _rules(home, bucket)
        if rule.filter.matches(obj) and (due := _due(rule.expiration, obj.modified)) is not None
    ]
    if not found:
        return {}
    at, id = min(found, key=lambda entry: entry[0])
    return {"Expiration": f'expiry-date="{http_date(at)}", rule-id="{id}"'}


def abortion(home: Context, bucket: Bucket, key: str, initiated: float) -> dict[str, Any]:
    """`AbortDate` and `AbortRuleId` of a response about a multipart upload, if a rule will abort it."""
    found = [
        (next_midnight(initiated + rule.abort_days * DAY), rule.id)
        for rule in _rules(home, bucket)
        if rule.abort_days and key.startswith(rule.filter.prefix)
    ]
    if not found:
        return {}
    at, id = min(found)
    return {"AbortDate": at, "AbortRuleId": id}


# the daily pass


@s3.timer("lifecycle")
def begin(home: Context, name: str) -> None:
    bucket = subjects.bucket_at(home, name)
    if bucket is None or KIND not in bucket.configured:
        return
    home.timers.set(home, "lifecycle", next_midnight(home.now), name)
    treat_objects(home, name, "")
    treat_uploads(home, name, "", "")


@s3.timer("lifecycle_objects")
def treat_objects(home: Context, name: str, after: str) -> None:
    """One batch of keys, those behind `after`."""
    bucket = subjects.bucket_at(home, name)
    rules = _rules(home, bucket) if bucket is not None else []
    if bucket is None or not rules:
        return
    grouped = groupby(_all_versions(home, name, after), key=lambda obj: obj.key)
    batch = [list(history) for _, history in islice(((key, list(group)) for key, group in grouped), KEYS)]
    for history in batch:
        _treat(home, bucket, rules, history)
    if len(batch) == KEYS:
        home.timers.set(home, "lifecycle_objects", home.now, name, batch[-1][0].key)


@s3.timer("lifecycle_uploads")
def treat_uploads(home: Context, name: str, key: str, upload_id: str) -> None:
    """One batch of multipart uploads, those behind the one named."""
    bucket = subjects.bucket_at(home, name)
    rules = [rule for rule in _rules(home, bucket) if rule.abort_days] if bucket is not None else []
    if not rules:
        return
    batch = list(islice(state.uploads.scan(home, name, after=(key, upload_id) if key else None), KEYS))
    for upload in batch:
        if any(
            upload.key.startswith(rule.filter.prefix)
            and next_midnight(upload.initiated + rule.abort_days * DAY) <= home.now
            for rule in rules
        ):
            parts.drop(home, upload)
    if len(batch) == KEYS:
        home.timers.set(home, "lifecycle_uploads", home.now, name, batch[-1].key, batch[-1].upload_id)


def _all_versions(home: Context, name: str, after: str) -> Iterator[Object]:
    """Every version of the keys behind `after`, by key and the newest first."""
    behind = (after,) if after else None
    tables = (state.objects.scan(home, name, after=behind), state.versions.scan(home, name, after=behind))
    return heapq.merge(*tables, key=lambda obj: (obj.key, obj.order))


# one key


def _treat(home: Context, bucket: Bucket, rules: list[Rule], history: list[Object]) -> None:
    """Apply the rules to the versions of one key, given newest first."""
    for position, obj in enumerate(history[1:]):
        if not _blocked(obj):
            _treat_noncurrent(home, bucket, rules, obj, position, since=history[position].modified)
    latest = history[0]
    if _blocked(latest):
        return
    if latest.marker:
        _treat_marker(home, bucket, rules, latest, alone=len(history) == 1)
        return
    expires = any(_is_due(home, rule.expiration, latest.modified) for rule in rules if rule.filter.matches(latest))
    goes = expires and not bucket.versioning
    moved = not goes and _move(home, bucket, latest, _targets(home, rules, latest))
    if expires and not moved:
        versions.delete_latest(home, bucket, latest.key, reason="LifecycleExpiration")


def _blocked(obj: Object) -> bool:
    """Rules wait for replication."""
    return obj.replication in ("PENDING", "FAILED")


def _treat_marker(home: Context, bucket: Bucket, rules: list[Rule], marker: Object, *, alone: bool) -> None:
    """A delete marker that hides nothing any more is cleaned up where a rule says so, or expires objects of its age."""
    if alone and any(
        rule.expiration.get("ExpiredObjectDeleteMarker") or _is_due(home, rule.expiration, marker.modified)
        for rule in rules
        if rule.filter.matches(marker)
    ):
        versions.delete_version(home, bucket, marker, event="LifecycleExpiration:Delete")


def _treat_noncurrent(
    home: Context, bucket: Bucket, rules: list[Rule], obj: Object, newer: int, *, since: float
) -> None:
    """`newer` noncurrent versions are newer; `since` is when the version became noncurrent."""
    matching = [rule for rule in rules if rule.filter.matches(obj)]
    expires = any(_noncurrent_due(home, rule.noncurrent_expiration, since, newer) for rule in matching)
    if expires and not lock.protects(home, bucket, obj):
        versions.delete_version(home, bucket, obj, event="LifecycleExpiration:Delete")
    elif not expires and not obj.marker:
        moves = ((rule, move) for rule in matching for move in rule.noncurrent_transitions)
        targets = [(rule, move["StorageClass"]) for rule, move in moves if _noncurrent_due(home, move, since, newer)]
        _move(home, bucket, obj, targets)


def _targets(home: Context, rules: list[Rule], obj: Object) -> list[tuple[Rule, str]]:
    """The classes that rules move a current version to today."""
    return [
        (rule, move["StorageClass"])
        for rule in rules
        if rule.filter.matches(obj)
        for move in rule.transitions
        if _is_due(home, move, obj.modified)
    ]


def _move(home: Context, bucket: Bucket, obj: Object, targets: Iterable[tuple[Rule, str]]) -> bool:
    """Move a version to the coldest of the classes that it may go to; whether it moved."""
    allowed = [
        target
        for rule, target in targets
        if storage.may_move(obj.storage_class, target) and obj.size >= rule.smallest.get(target, 0)
    ]
    if not allowed:
        return False
    obj = replace(obj, storage_class=max(allowed, key=storage.WATERFALL.index))
    versions.update(home, obj)
    notifications.publish(home, bucket, "LifecycleTransition", obj)
    return True


# times


def _due(action: Action, since: float) -> float | None:
    """When an action falls due for an object of that age: always a midnight."""
    if "Days" in action:
        return next_midnight(since + action["Days"] * DAY)
    date: datetime | None = action.get("Date")
    return date.timestamp() if date is not None else None


def _is_due(home: Context, action: Action, since: float) -> bool:
    due = _due(action, since)
    return due is not None and due <= home.now


def _noncurrent_due(home: Context, action: Action, since: float, newer: int) -> bool:
    if "NoncurrentDays" not in action or newer < action.get("NewerNoncurrentVersions", 0):
        return False
    return next_midnight(since + action["NoncurrentDays"] * DAY) <= home.now


# rules


def _rules(home: Context, bucket: Bucket) -> list[Rule]:
    document = configurations.find(home, bucket, KIND)
    if document is None:
        return []
    varies = document["TransitionDefaultMinimumObjectSize"] != MINIMUM_SIZES[0]
    return [_rule(rule, varies) for rule in document["Rules"] if rule["Status"] == "Enabled"]


def _rule(rule: Action, varies: bool) -> Rule:
    found = filter_of(rule)
    free = ANY_SIZE if varies else ()
    smallest = {} if found.by_size else {name: SMALLEST for name in storage.WATERFALL if name not in free}
    return Rule(
        id=rule["ID"],
        filter=found,
        expiration=rule.get("Expiration", {}),
        transitions=tuple(rule.get("Transitions", ())),
        noncurrent_expiration=rule.get("NoncurrentVersionExpiration", {}),
        noncurrent_transitions=tuple(rule.get("NoncurrentVersionTransitions", ())),
        abort_days=rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", 0),
        smallest=smallest,
    )
