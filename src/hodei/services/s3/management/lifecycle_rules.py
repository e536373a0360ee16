"""Lifecycle configurations: what S3 accepts as one, in S3's words."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any

from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.buckets.configurations import configuration
from hodei.services.s3.filters import check_filter, filter_of
from hodei.services.s3.management import storage
from hodei.services.s3.state import Bucket

KIND = "lifecycle"
MOST_RULES = 1000
ID_LIMIT = 255
MINIMUM_SIZES = ("all_storage_classes_128K", "varies_by_storage_class")
ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
)
INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
LEAST_DAYS = 30  # in STANDARD before, and in an infrequent access class after a move there

Rule = dict[str, Any]


@configuration(
    KIND,
    put="PutBucketLifecycleConfiguration",
    get="GetBucketLifecycleConfiguration",
    delete="DeleteBucketLifecycle",
    member="LifecycleConfiguration",
    wrapped=False,
    missing=errors.NoSuchLifecycleConfiguration,
    echo="TransitionDefaultMinimumObjectSize",
)
def accept_lifecycle(
    home: Context, bucket: Bucket, document: Any, *, TransitionDefaultMinimumObjectSize: str | None = None
) -> Any:
    """The rules are applied at every midnight (UTC) from the next one on. Under MFA delete there can be none."""
    if bucket.mfa_delete:
        raise errors.InvalidBucketState("Lifecycle configuration is not supported on an MFA enabled bucket.")
    minimum = TransitionDefaultMinimumObjectSize or MINIMUM_SIZES[0]
    if minimum not in MINIMUM_SIZES:
        raise errors.InvalidRequest(f"Invalid TransitionDefaultMinimumObjectSize found: {minimum}")
    rules = document.get("Rules", [])
    if not 1 <= len(rules) <= MOST_RULES:
        raise errors.MalformedXML()
    _check_forms(rules)
    named = [rule if rule.get("ID") else {"ID": _new_id(home), **rule} for rule in rules]
    if len({rule["ID"] for rule in named}) < len(named):
        raise errors.InvalidArgument("Rule ID must be unique. Found same ID for more than one rule")
    for rule in named:
        _check_rule(rule)
    home.timers.set(home, "lifecycle", storage.next_midnight(home.now), bucket.name)
    return {"Rules": named, "TransitionDefaultMinimumObjectSize": minimum}


def _new_id(home: Context) -> str:
    return base64.b64encode(home.ids.uuid().encode()).decode()


def _check_forms(rules: Iterable[Rule]) -> None:
    """A rule has a filter or a prefix of its own, and all rules of a configuration are alike in that."""
    filtered = None
    for rule in rules:
        if ("Filter" in rule) == ("Prefix" in rule):
            raise errors.MalformedXML()
        if filtered not in (None, "Filter" in rule):
            raise errors.InvalidRequest(
                "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter."
                if filtered
                else "Filter element can only be used in Lifecycle V2."
            )
        filtered = "Filter" in rule


def _check_rule(rule: Rule) -> None:
    if len(rule["ID"]) > ID_LIMIT:
        raise errors.InvalidArgument(f"ID length should not exceed allowed limit of {ID_LIMIT}")
    if rule["Status"] not in ("Enabled", "Disabled"):
        raise errors.MalformedXML()
    check_filter(rule)
    if not any(rule.get(action) for action in ACTIONS):
        if any(action in rule for action in ACTIONS):
            raise errors.MalformedXML()
        raise errors.InvalidRequest("At least one action needs to be specified in a rule")
    if "Expiration" in rule:
        _check_expiration(rule, rule["Expiration"])
    _check_transitions(rule)
    _check_noncurrent(rule)
    if "AbortIncompleteMultipartUpload" in rule:
        _unfiltered(rule, "AbortIncompleteMultipartUpload")
        days = rule["AbortIncompleteMultipartUpload"].get("DaysAfterInitiation")
        _positive(days, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")


def _check_expiration(rule: Rule, expiration: Mapping[str, Any]) -> None:
    if len(expiration.keys() & {"Days", "Date", "ExpiredObjectDeleteMarker"}) != 1:
        raise errors.MalformedXML()
    if "ExpiredObjectDeleteMarker" in expiration:
        _unfiltered(rule, "ExpiredObjectDeleteMarker")
    elif "Date" in expiration:
        _check_date(expiration["Date"])
    else:
        _positive(expiration["Days"], "Days", "Expiration")


def _check_noncurrent(rule: Rule) -> None:
    expiration = rule.get("NoncurrentVersionExpiration")
    if expiration is not None:
        _positive(expiration.get("NoncurrentDays"), "NoncurrentDays", "NoncurrentVersionExpiration")
    for action in (expiration or {}, *rule.get("NoncurrentVersionTransitions", ())):
        if "NewerNoncurrentVersions" in action and "Filter" not in rule:
            raise errors.InvalidRequest("NewerNoncurrentVersions element can only be used in Lifecycle V2.")


def _check_transitions(rule: Rule) -> None:
    where = f"filter '{filter_of(rule)}'"
    transitions = rule.get("Transitions", [])
    for action, moves, unit in (
        ("Transition", transitions, "Days"),
        ("NoncurrentVersionTransition", rule.get("NoncurrentVersionTransitions", []), "NoncurrentDays"),
    ):
        for move in moves:
            _check_transition(move, action, unit)
        if len({move["StorageClass"] for move in moves}) < len(moves):
            raise errors.InvalidRequest(
                f"'StorageClass' must be different for '{action}' actions in same 'Rule' with {where}"
            )
    if len({"Date" in move for move in transitions}) > 1:
        raise errors.InvalidRequest(
            f"Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for {where}"
        )
    _check_order(transitions, where)
    _check_against_expiration(rule.get("Expiration", {}), transitions, where)


def _check_transition(move: Mapping[str, Any], action: str, unit: str) -> None:
    name = move.get("StorageClass")
    if name not in storage.WATERFALL or (unit in move) == ("Date" in move):
        raise errors.MalformedXML()
    if "Date" in move:
        _check_date(move["Date"])
        return
    if move[unit] < 0:
        raise errors.InvalidArgument(f"'{unit}' in {action} action must be nonnegative")
    if name in INFREQUENT and move[unit] < LEAST_DAYS:
        raise errors.InvalidArgument(
            f"'{unit}' in {action} action must be greater than or equal to {LEAST_DAYS} for storageClass '{name}'"
        )


def _check_order(transitions: Iterable[Mapping[str, Any]], where: str) -> None:
    """Colder classes come later, 30 days later after one of infrequent access."""
    moves = sorted((move for move in transitions if "Days" in move), key=_coldness)
    for warm, cold in pairwise(moves):
        gap = LEAST_DAYS if warm["StorageClass"] in INFREQUENT else 1
        if cold["Days"] < warm["Days"] + gap:
            margin = f"{gap} days more than" if gap > 1 else "greater than"
            raise errors.InvalidArgument(
                f"'Days' in the 'Transition' action for StorageClass '{cold['StorageClass']}' for {where} must be "
                f"{margin} 'Days' in the 'Transition' action for StorageClass '{warm['StorageClass']}'"
            )
    for first, second in combinations(moves, 2):
        if not storage.may_move(first["StorageClass"], second["StorageClass"]):
            raise errors.InvalidRequest(
                f"Objects cannot move from '{first['StorageClass']}' to '{second['StorageClass']}' for {where}"
            )


def _coldness(move: Mapping[str, Any]) -> int:
    return storage.WATERFALL.index(move["StorageClass"])


def _check_against_expiration(expiration: Mapping[str, Any], transitions: list[Mapping[str, Any]], where: str) -> None:
    for unit, other in (("Days", "Date"), ("Date", "Days")):
        if unit not in expiration:
            continue
        if any(other in move for move in transitions):
            raise errors.InvalidRequest(
                f"Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for {where}"
            )
        if any(move[unit] >= expiration[unit] for move in transitions):
            raise errors.InvalidArgument(
                f"'{unit}' in the Expiration action for {where} must be greater than '{unit}' in the Transition action"
            )


def _check_date(date: datetime) -> None:
    if date.timestamp() % storage.DAY:
        raise errors.InvalidArgument(
            "'Date' must be at midnight GMT", ArgumentName="Date", ArgumentValue=f"{date:%Y-%m-%dT%H:%M:%S}.000Z"
        )


def _positive(days: int | None, unit: str, action: str) -> None:
    if days is None:
        raise errors.MalformedXML()
    if days <= 0:
        raise errors.InvalidArgument(f"'{unit}' for {action} action must be a positive integer")


def _unfiltered(rule: Rule, action: str) -> None:
    found = filter_of(rule)
    if found.tags:
        raise errors.InvalidRequest(f"{action} cannot be specified with Tags.")
    if found.by_size:
        raise errors.InvalidRequest(f"{action} cannot be specified with Object Size.")
