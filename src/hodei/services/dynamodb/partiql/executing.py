"""ExecuteStatement, BatchExecuteStatement and ExecuteTransaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import capacity, errors
from hodei.services.dynamodb.capacity import TABLE, Units
from hodei.services.dynamodb.find import table_of
from hodei.services.dynamodb.items import single, tokens, transactions, writes
from hodei.services.dynamodb.items.reads import Read
from hodei.services.dynamodb.items.transactions import Target
from hodei.services.dynamodb.partiql.bound import Bound, Request, bind
from hodei.services.dynamodb.partiql.modifying import write_of
from hodei.services.dynamodb.partiql.selecting import projection, select
from hodei.services.dynamodb.partiql.statements import Exists, Select
from hodei.services.dynamodb.service import dynamodb
from hodei.services.dynamodb.state import Item, Table, items
from hodei.services.dynamodb.throttling.gate import spend_units

MIXED = "The entire {0} must consist of either read statements or write statements, you cannot mix both in one {0}."
NOT_BY_KEY = "Select statements within {} must specify the primary key in the where clause."


class Options(TypedDict, total=False):
    Parameters: list[dict[str, Any]]
    ConsistentRead: bool
    NextToken: str
    Limit: int
    ReturnConsumedCapacity: str
    ReturnValuesOnConditionCheckFailure: str


@dynamodb.operation("ExecuteStatement")
def execute_statement(ctx: Context, *, Statement: str, **given: Unpack[Options]) -> dict[str, Any]:
    request = {"Statement": Statement, **given}
    bound = bind(request)
    if bound.reads:
        return select(ctx, bound, request)
    there, table = table_of(ctx, bound.table)
    item, units = _written(there, bound, table)
    capacity.record(there, table, "Write", units)
    answer: dict[str, Any] = {"Items": [item] if item else []}
    if (mode := given.get("ReturnConsumedCapacity", "NONE")) != "NONE":
        answer["ConsumedCapacity"] = capacity.consumed(mode, bound.table, table, units)
    return answer


def _written(ctx: Context, bound: Bound, table: Table) -> tuple[Item | None, Units]:
    """Makes the write of a statement: the item that it is to return, the units consumed."""
    if isinstance(bound.statement, Exists):
        raise errors.ValidationException("EXISTS function can only be used in transactional operations")
    write = write_of(bound, table)
    change = writes.examine(ctx, table, write, write.place(table))
    units = writes.perform(ctx, change)
    return single.attributes_of(change, getattr(bound.statement, "returning", "NONE")), units


@dynamodb.operation("BatchExecuteStatement")
def batch_execute_statement(
    ctx: Context, *, Statements: Sequence[Request], ReturnConsumedCapacity: str = "NONE"
) -> dict[str, Any]:
    """Each statement by itself; what goes wrong with one is told in its place."""
    bounds = [_bound(request) for request in Statements]
    if len({bound.reads for bound in bounds if isinstance(bound, Bound)}) > 1:
        raise errors.ValidationException(MIXED.format("batch"))
    batch = Batch(ctx)
    responses = [batch.response(bound, request) for bound, request in zip(bounds, Statements, strict=True)]
    answer: dict[str, Any] = {"Responses": responses}
    if ReturnConsumedCapacity != "NONE":
        answer["ConsumedCapacity"] = batch.consumed(ReturnConsumedCapacity)
    return answer


def _bound(request: Request) -> Bound | AwsError:
    try:
        return bind(request)
    except (errors.ValidationException, errors.UnreadableValue) as error:
        return error


class Batch:
    """What the statements of a batch do, and what they consume of each table."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.totals: dict[str, tuple[Table, Units]] = {}

    def response(self, bound: Bound | AwsError, request: Request) -> dict[str, Any]:
        """A BatchStatementResponse."""
        if isinstance(bound, AwsError):
            return {"Error": _error(bound)}
        try:
            with self.ctx.store.batch():
                item = self._done(bound, request)
        except AwsError as error:
            if error.code not in CODES:
                raise
            return {"Error": _error(error), "TableName": bound.table}
        return {"TableName": bound.table, "Item": item} if item else {"TableName": bound.table}

    def _done(self, bound: Bound, request: Request) -> Item | None:
        ctx, table = table_of(self.ctx, bound.table)
        if bound.reads:
            read = _read_of(bound, table, "BatchExecuteStatement")
            place = read.place(table)
            stored = items.get(ctx, table.id, *place)
            consistent = request.get("ConsistentRead", False)
            units = {TABLE: capacity.read_units(stored.size if stored else 0, consistent=consistent)}
            spend_units(ctx, table, "Read", place.partition, units)
            item = read.shown(stored) if stored else None
        else:
            item, units = _written(ctx, bound, table)
        capacity.record(ctx, table, "Read" if bound.reads else "Write", units)
        capacity.add(self.totals.setdefault(bound.table, (table, {}))[1], units)
        return item

    def consumed(self, mode: str) -> list[dict[str, Any]]:
        return [capacity.consumed(mode, given, table, units) for given, (table, units) in self.totals.items()]


CODES: Mapping[str, str] = {
    **transactions.CODES,
    "RequestLimitExceeded": "RequestLimitExceeded",
    "ResourceNotFoundException": "ResourceNotFound",
}


def _error(error: AwsError) -> dict[str, Any]:
    """A BatchStatementError."""
    shown = {"Item": error.fields["Item"]} if "Item" in error.fields else {}
    return {"Code": CODES[error.code], "Message": error.message, **shown}


def _read_of(bound: Bound, table: Table, operation: str) -> Read:
    """The one item that a SELECT asks for. Raises: ValidationException if it asks for more, or on conditions."""
    statement = bound.statement
    assert isinstance(statement, Select)
    key, rest = bound.key(table.key.names)
    if statement.index or rest or len(key) < len(table.key.names):
        raise errors.ValidationException(NOT_BY_KEY.format(operation))
    return Read(key, projection(statement))


@dynamodb.operation("ExecuteTransaction")
def execute_transaction(
    ctx: Context,
    *,
    TransactStatements: Sequence[Request],
    ClientRequestToken: str | None = None,
    ReturnConsumedCapacity: str = "NONE",
) -> transactions.Answer:
    """As TransactGetItems or TransactWriteItems; a token that comes again is spent, as there."""
    bounds = [bind(request) for request in TransactStatements]
    reading = bounds[0].reads
    if any(bound.reads != reading for bound in bounds):
        raise errors.ValidationException(MIXED.format("transaction"))
    targets = [_target(ctx, bound) for bound in bounds]
    if reading:
        return transactions.read_all(targets, ReturnConsumedCapacity)

    def commit() -> dict[str, Any]:
        if ClientRequestToken and tokens.spent(ctx, ClientRequestToken, TransactStatements):
            answer = transactions.written_before(targets, ReturnConsumedCapacity)
        else:
            _, units = transactions.write_all(targets)
            answer = transactions.with_capacity({}, ReturnConsumedCapacity, "Write", targets, units)
        return answer | {"Responses": [{} for _ in targets]}

    return transactions.committed(ctx, ClientRequestToken, targets, commit)


def _target(ctx: Context, bound: Bound) -> Target:
    there, table = table_of(ctx, bound.table)
    asked = _read_of(bound, table, "ExecuteTransaction") if bound.reads else write_of(bound, table)
    return Target(bound.table, there, table, asked)
