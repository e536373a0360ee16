"""What requests need of IAM, and the condition keys of fine-grained access: the items and attributes they are about.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.hooks import ResourcePolicy
from hodei.kernel.iam.needs import Need
from hodei.services.dynamodb.expressions.conditions import parse_condition
from hodei.services.dynamodb.expressions.keyconditions import key_tests
from hodei.services.dynamodb.expressions.placeholders import Placeholders
from hodei.services.dynamodb.expressions.projections import parse_projection
from hodei.services.dynamodb.expressions.updates import parse_update
from hodei.services.dynamodb.find import within
from hodei.services.dynamodb.partiql.bound import Bound, bind
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, Key, policies, tables
from hodei.services.dynamodb.values import AttributeValue

Params = Mapping[str, Any]

WRITES = {"ConditionCheck": "ConditionCheckItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
STATEMENTS = {"Select": "Select", "Insert": "Insert", "Update": "Update", "Delete": "Delete", "Exists": "Select"}


def arn_of(ctx: Context, name: str, index: str | None = None) -> str:
    table = name if name.startswith("arn:") else ctx.arn(f"table/{name}")
    return f"{table}/index/{index}" if index else table


# What operations need that are about several tables, or an index.


@dynamodb.needs_of("Query")
def of_query(ctx: Context, params: Params) -> Iterator[Need]:
    yield Need("dynamodb:Query", arn_of(ctx, params["TableName"], params.get("IndexName")))


@dynamodb.needs_of("Scan")
def of_scan(ctx: Context, params: Params) -> Iterator[Need]:
    yield Need("dynamodb:Scan", arn_of(ctx, params["TableName"], params.get("IndexName")))


@dynamodb.needs_of("BatchGetItem")
def of_batch_get(ctx: Context, params: Params) -> Iterator[Need]:
    for name, part in params["RequestItems"].items():
        yield Need("dynamodb:BatchGetItem", arn_of(ctx, name), {"TableName": name, **part})


@dynamodb.needs_of("BatchWriteItem")
def of_batch_write(ctx: Context, params: Params) -> Iterator[Need]:
    for name, requests in params["RequestItems"].items():
        for request in requests:
            for part in request.values():
                yield Need("dynamodb:BatchWriteItem", arn_of(ctx, name), {"TableName": name, **part})


@dynamodb.needs_of("TransactGetItems")
def of_transact_get(ctx: Context, params: Params) -> Iterator[Need]:
    for one in params["TransactItems"]:
        yield Need("dynamodb:GetItem", arn_of(ctx, one["Get"]["TableName"]), one["Get"])


@dynamodb.needs_of("TransactWriteItems")
def of_transact_write(ctx: Context, params: Params) -> Iterator[Need]:
    for one in params["TransactItems"]:
        for kind, part in one.items():
            yield Need(f"dynamodb:{WRITES[kind]}", arn_of(ctx, part["TableName"]), part)


@dynamodb.needs_of("ExecuteStatement")
def of_statement(ctx: Context, params: Params) -> Iterator[Need]:
    """What is no statement the operation itself refuses."""
    try:
        bound = bind(params)
    except AwsError:
        return
    statement = bound.statement
    action = f"dynamodb:PartiQL{STATEMENTS[type(statement).__name__]}"
    yield Need(action, arn_of(ctx, bound.table, getattr(statement, "index", None)), {"statement": bound})


@dynamodb.needs_of("BatchExecuteStatement")
def of_batch_of_statements(ctx: Context, params: Params) -> Iterator[Need]:
    for one in params["Statements"]:
        yield from of_statement(ctx, one)


@dynamodb.needs_of("ExecuteTransaction")
def of_transaction_of_statements(ctx: Context, params: Params) -> Iterator[Need]:
    for one in params["TransactStatements"]:
        yield from of_statement(ctx, one)


# Condition keys.


@dynamodb.condition_key("dynamodb:LeadingKeys")
def leading_keys(ctx: Context, params: Params) -> list[str] | None:
    """The values of the table's (or the index's) partition key that a request names; None for a scan."""
    if (key := _key(ctx, params)) is None:
        return None
    name = key.names[0]
    if isinstance(bound := params.get("statement"), Bound):
        item = _inserted(bound) or bound.key((name,))[0]
        return [_text(item[name])] if name in item else None
    values = [item[name] for item in _items(params) if name in item] or _queried(params, name)
    return [_text(value) for value in values] or None


@dynamodb.condition_key("dynamodb:Attributes")
def attributes(ctx: Context, params: Params) -> list[str] | None:
    """The attributes that a request names, of its top level."""
    if isinstance(bound := params.get("statement"), Bound):
        return sorted(_named_in(bound)) or None
    found = {name for item in _items(params) for name in item}
    found.update(params.get("AttributesToGet", ()), params.get("AttributeUpdates", ()), params.get("Expected", ()))
    for legacy in ("KeyConditions", "QueryFilter", "ScanFilter"):
        found.update(params.get(legacy, ()))
    given = Placeholders(params.get("ExpressionAttributeNames"), params.get("ExpressionAttributeValues"))
    for member, names_in in EXPRESSIONS.items():
        if (text := params.get(member)) is not None:
            try:
                found |= names_in(text, given)
            except AwsError:
                continue  # the operation itself refuses it
    return sorted(found) or None


@dynamodb.condition_key("dynamodb:Select")
def select(ctx: Context, params: Params) -> str | None:
    if ctx.operation in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"):
        return None
    if named := params.get("Select"):
        return str(named)
    if "ProjectionExpression" in params or "AttributesToGet" in params:
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if "IndexName" in params else "ALL_ATTRIBUTES"


@dynamodb.condition_key("dynamodb:EnclosingOperation")
def enclosing_operation(ctx: Context, params: Params) -> str | None:
    return ctx.operation if ctx.operation in ("TransactGetItems", "TransactWriteItems", "ExecuteTransaction") else None


@dynamodb.condition_key("dynamodb:FullTableScan")
def full_table_scan(ctx: Context, params: Params) -> bool | None:
    """Of a SELECT: whether it names no partition."""
    return leading_keys(ctx, params) is None if "statement" in params else None


def _key(ctx: Context, params: Params) -> Key | None:
    bound = params.get("statement")
    name = bound.table if isinstance(bound, Bound) else params.get("TableName", "")
    place = within(ctx, name) if name.startswith("arn:") else (ctx, name, "")
    table = tables.get(place[0], place[1]) if place else None
    if table is None:
        return None
    index = params.get("IndexName") or (getattr(bound.statement, "index", "") if isinstance(bound, Bound) else "")
    found = table.index(index) if index else None
    return found.key if found else table.key


def _items(params: Params) -> Iterator[Item]:
    """The items and keys that are written in a request."""
    for member in ("Item", "Key"):
        if member in params:
            yield params[member]
    yield from params.get("Keys", ())


def _queried(params: Params, name: str) -> list[AttributeValue]:
    """The value of a key in the conditions of a Query."""
    if name in params.get("KeyConditions", {}):
        return list(params["KeyConditions"][name].get("AttributeValueList", ()))
    if (text := params.get("KeyConditionExpression")) is None:
        return []
    given = Placeholders(params.get("ExpressionAttributeNames"), params.get("ExpressionAttributeValues"))
    try:
        return [test.values[0] for test in key_tests(text, given).tests if test.name == name and test.operator == "="]
    except (AwsError, KeyError):
        return []  # the operation itself refuses it


def _text(value: AttributeValue) -> str:
    [content] = value.values()
    return b64encode(content).decode() if isinstance(content, bytes) else str(content)


def _of_update(text: str, given: Placeholders) -> set[str]:
    return {str(steps[0]) for steps in parse_update(text, given).paths}


EXPRESSIONS = {
    "ProjectionExpression": lambda text, given: parse_projection(text, given).names,
    "ConditionExpression": lambda text, given: parse_condition(text, given).names,
    "FilterExpression": lambda text, given: parse_condition(text, given, "FilterExpression").names,
    "KeyConditionExpression": lambda text, given: {test.name for test in key_tests(text, given).tests},
    "UpdateExpression": _of_update,
}


def _inserted(bound: Bound) -> Item:
    """The item of an INSERT."""
    item = getattr(bound.statement, "item", None)
    return bound.given.values[item.name].get("M", {}) if item else {}


def _named_in(bound: Bound) -> set[str]:
    """The attributes that a statement names."""
    statement = bound.statement
    condition = bound.condition(bound.where)
    found = condition.names if condition else set()
    found |= {str(path.elements[0]) for path in getattr(statement, "paths", ())}
    found |= _inserted(bound).keys()
    if (plan := getattr(statement, "plan", None)) is not None:
        found |= {str(action.path.elements[0]) for action in plan.actions}
    return found


# Whose a table is.


@dynamodb.on_resource
def policy_of(ctx: Context, arn: str) -> ResourcePolicy | None:
    """Of a table or a stream; an index has the policy of its table."""
    if (found := within(ctx, arn)) is None:
        return None
    where, _, _ = found
    own = policies.get(where, arn.partition("/index/")[0])
    return ResourcePolicy(where.account, own.document if own else "")


@dynamodb.without_policy
def unguarded(ctx: Context, params: Params) -> bool:
    if (name := params.get("TableName")) is not None:
        return _unguarded(ctx, name)
    if (asked := params.get("RequestItems")) is not None:
        return all(_unguarded(ctx, name) for name in asked)
    if (asked := params.get("TransactItems")) is not None:
        return all(_unguarded(ctx, part.get("TableName", "")) for one in asked for part in one.values())
    return False


def _unguarded(ctx: Context, name: str) -> bool:
    table = tables.get(ctx, name)
    return table is not None and not table.guarded
