"""Data protection policies of groups, and what masks events by them and by the account's.

Events that came before a policy are not masked by it.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

from hodei.engines import linear
from hodei.kernel.context import Context
from hodei.kernel.errors import NotImplementedByHodei
from hodei.kernel.iam.authorise import check
from hodei.kernel.iam.needs import Need
from hodei.services.logs import errors
from hodei.services.logs.events.chunks import Batch
from hodei.services.logs.find import group_of
from hodei.services.logs.protection.identifiers import ARN, Find, finding, managed
from hodei.services.logs.service import logs
from hodei.services.logs.state import Group, Protection, Wire, account_policies, protections

OF_ACCOUNTS = "DATA_PROTECTION_POLICY"
VERSION = "2021-06-01"
Mask = Callable[[str], str]


@logs.operation("PutDataProtectionPolicy")
def put_data_protection_policy(ctx: Context, *, logGroupIdentifier: str, policyDocument: str) -> dict[str, Any]:
    group = group_of(ctx, "", logGroupIdentifier)
    if group.kind != "STANDARD":
        raise errors.InvalidParameterException(
            reason="Data protection policies are supported for log groups of the STANDARD class only."
        )
    finders(policyDocument)
    old = protections.get(ctx, group.id)
    since = old.since if old else ctx.now
    one = Protection(group=group.id, document=policyDocument, updated=ctx.now, since=since)
    protections.put(ctx, one)
    return _view(logGroupIdentifier, one)


@logs.operation("GetDataProtectionPolicy")
def get_data_protection_policy(ctx: Context, *, logGroupIdentifier: str) -> dict[str, Any]:
    one = protections.get(ctx, group_of(ctx, "", logGroupIdentifier).id)
    return _view(logGroupIdentifier, one) if one else {"logGroupIdentifier": logGroupIdentifier}


@logs.operation("DeleteDataProtectionPolicy")
def delete_data_protection_policy(ctx: Context, *, logGroupIdentifier: str) -> None:
    if not protections.delete(ctx, group_of(ctx, "", logGroupIdentifier).id):
        raise errors.ResourceNotFoundException(reason="The specified data protection policy does not exist.")


def _view(identifier: str, one: Protection) -> Wire:
    return {
        "logGroupIdentifier": identifier,
        "policyDocument": one.document,
        "lastUpdatedTime": int(one.updated * 1000),
    }


@functools.lru_cache(100)
def finders(document: str) -> tuple[Find, ...]:
    """What finds the data that a policy protects. Raises: InvalidParameterException, NotImplemented."""
    try:
        given = json.loads(document)
        audit, mask = given["Statement"]
        custom = {one["Name"]: one["Regex"] for one in given.get("Configuration", {}).get("CustomDataIdentifier", [])}
        names, same = list(audit["DataIdentifier"]), list(mask["DataIdentifier"])
        destination = audit["Operation"]["Audit"]["FindingsDestination"]
        good = given["Version"] == VERSION and "MaskConfig" in mask["Operation"]["Deidentify"]
    except (ValueError, KeyError, TypeError):
        good, names, same, custom, destination = False, [], [], {}, {}
    if not good or not names or names != same:
        raise errors.InvalidParameterException(reason="Invalid data protection policy.")
    if destination:
        raise NotImplementedByHodei("Destinations of findings of data protection are not implemented by Hodei.")
    return tuple(_finder(name, custom) for name in names)


def _finder(name: str, custom: dict[str, str]) -> Find:
    if name in custom:
        try:
            return finding(linear.compile(custom[name]))
        except (ValueError, TypeError):
            raise errors.InvalidParameterException(reason=f"Invalid regular expression of {name}.") from None
    found = ARN.fullmatch(name)
    if found is None:
        raise errors.InvalidParameterException(reason=f"Invalid data identifier {name}.")
    find = managed(found[1])
    if find is None:
        raise NotImplementedByHodei(f"The data identifier {found[1]} is not implemented by Hodei.")
    return find


def _policies(ctx: Context, group: Group) -> Iterator[tuple[float, tuple[Find, ...]]]:
    """Since when the policies are that hold for a group, and what they find."""
    if own := protections.get(ctx, group.id):
        yield own.since, finders(own.document)
    for one in account_policies.scan(ctx, OF_ACCOUNTS):
        yield one.since, finders(one.document)


def masking(ctx: Context, group: Group) -> Mask | None:
    """What masks the events that come now; None where nothing is masked."""
    finds = [find for _, finds in _policies(ctx, group) for find in finds]
    return functools.partial(_masked, finds) if finds else None


def _masked(finds: list[Find], text: str) -> str:
    spans = [span for find in finds for span in find(text)]
    if spans:
        characters = list(text)
        for start, end in spans:
            characters[start:end] = "*" * (end - start)
        text = "".join(characters)
    return text


def masking_batches(ctx: Context, group: Group) -> Callable[[Batch], Batch] | None:
    """What masks events that are stored, where they came after the policies did; None where nothing is masked."""
    policies = list(_policies(ctx, group))
    if not policies:
        return None

    def masked(batch: Batch) -> Batch:
        whens = [when for count, when in batch.ingested for _ in range(count)]
        held = [[find for since, finds in policies if when >= since * 1000 for find in finds] for when in whens]
        messages = [_masked(finds, message) for finds, message in zip(held, batch.messages)]
        made = [_masked(finds, message) for finds, message in zip(held, batch.made)]
        return Batch(batch.times, batch.ingested, messages, made)

    return masked


def for_reader(ctx: Context, group: Group, *, unmask: bool) -> Callable[[Batch], Batch] | None:
    """What masks events for who reads them; who asks for them unmasked needs the permission.

    Raises: AccessDeniedException.
    """
    if unmask:
        check(ctx, [Need("logs:Unmask", f"{group.arn(ctx)}:log-stream:")], {})
        return None
    return masking_batches(ctx, group)
