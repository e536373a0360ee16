"""DynamoDB's own wording of requests: keys by their plain values, items by the names of their attributes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/understanding-ddb-log-entries.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.ledger.audit import Event
from hodei.protocol.model import OperationModel
from hodei.services.cloudtrail.records import members

VERSION = "2012-08-10"
ITEMS = ("TransactItems", "Statements", "TransactStatements")  # what becomes requestItems


def request_parameters(event: Event, operation: OperationModel) -> dict[str, Any] | None:
    params = _with_plain_keys(dict(event.params or {}))
    found = members.worded(event.service, operation.input, params) or {}
    for name in ITEMS:
        if (items := found.pop(members.lowered(name), None)) is not None:
            found["requestItems"] = [part for item in items for part in _parts(item)]
    return found or None


def _parts(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A statement, or what is in a transaction, with its operation beside it: Put, Update, Delete, ..."""
    if "statement" in item:
        yield dict(item)
        return
    for name, part in item.items():
        if not isinstance(part, Mapping):  # of a request that was refused
            continue
        renamed = {"items" if member == "item" else member: value for member, value in part.items()}
        yield {"operation": name[:1].upper() + name[1:], **renamed}


def _with_plain_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _plain(one) if name == "Key" and isinstance(one, Mapping) else _with_plain_keys(one)
            for name, one in value.items()
        }
    return [_with_plain_keys(one) for one in value] if isinstance(value, list) else value


def _plain(key: Mapping[str, Any]) -> dict[str, Any]:
    """{"id": {"S": "1"}} as {"id": "1"}; a binary value has not been written down."""
    return {
        name: next(iter(value.values()), None) if isinstance(value, Mapping) else value for name, value in key.items()
    }
