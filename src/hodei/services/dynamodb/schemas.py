"""Key schemas, attribute definitions, indexes and throughput, as CreateTable and UpdateTable are given them.

The checks stand in the order in which AWS makes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hodei.services.dynamodb import errors
from hodei.services.dynamodb.state import Index, Key, Throughput
from hodei.services.dynamodb.values import invalid

Definition = Mapping[str, Any]  # an AWS structure

MOST_INCLUDED = 100  # NonKeyAttributes, summed over the indexes of a table
MOST_PARTS = 4  # attributes of the partition key, and of the sort key, of a global index
MOST_UNITS = 1_000_000_000_000


def listed(names: Iterable[str]) -> str:
    """As Java writes a collection: [a, b]."""
    return f"[{', '.join(names)}]"


def attributes_of(definitions: Sequence[Definition]) -> dict[str, str]:
    """AttributeDefinitions as name -> type. Raises: ValidationException."""
    counted = Counter(one["AttributeName"] for one in definitions)
    if repeated := next((name for name, count in counted.items() if count > 1), None):
        raise invalid(f"Duplicate AttributeName in AttributeDefinitions: {repeated}")
    return {one["AttributeName"]: one["AttributeType"] for one in definitions}


def check_key_schema(schema: Sequence[Definition]) -> None:
    """Its shape alone: a HASH, then perhaps a RANGE of another name. Raises: ValidationException."""
    if len(schema) > 2:
        raise errors.ValidationException(
            f"1 validation error detected: Value '{_java(schema)}' at 'keySchema' failed to satisfy constraint: "
            "Member must have length less than or equal to 2"
        )
    if len(schema) == 2 and schema[0]["AttributeName"] == schema[1]["AttributeName"]:
        raise errors.ValidationException(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        )
    if schema[0]["KeyType"] != "HASH":
        raise errors.ValidationException("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(schema) == 2 and schema[1]["KeyType"] != "RANGE":
        raise errors.ValidationException("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")


def check_global_schema(schema: Sequence[Definition]) -> None:
    """As `check_key_schema`, of a global index: up to four HASH, then up to four RANGE. Raises: ValidationException."""
    kinds = [element["KeyType"] for element in schema]
    if kinds[0] != "HASH" or kinds[1:] in ([], ["RANGE"]):
        check_key_schema(schema[:2])
        return
    names = names_of(schema)
    if repeated := next((name for at, name in enumerate(names) if name in names[:at]), None):
        raise errors.ValidationException(f"Invalid KeySchema: Duplicate KeySchemaElement: {repeated}")
    if kinds != sorted(kinds):
        raise errors.ValidationException("Invalid KeySchema: HASH key types must come before RANGE key types")
    for kind in ("HASH", "RANGE"):
        if kinds.count(kind) > MOST_PARTS:
            raise errors.ValidationException(
                f"Invalid KeySchema: A global secondary index has at most {MOST_PARTS} {kind} key attributes"
            )


def _java(schema: Sequence[Definition]) -> str:
    return listed(f"KeySchemaElement(attributeName={one['AttributeName']}, keyType={one['KeyType']})" for one in schema)


def names_of(schema: Sequence[Definition]) -> list[str]:
    return [element["AttributeName"] for element in schema]


def key_of(schema: Sequence[Definition], attributes: Mapping[str, str]) -> Key:
    """A checked key schema whose attributes are all defined."""
    names = tuple(names_of(schema))
    partitions = sum(element["KeyType"] == "HASH" for element in schema)
    return Key(names=names, types=tuple(attributes[name] for name in names), partitions=partitions)


def check_defined(schema: Sequence[Definition], attributes: Iterable[str]) -> None:
    """That the attributes of a table's or an index's key are defined. Raises: ValidationException."""
    names, defined = names_of(schema), list(attributes)
    if any(name not in defined for name in names):
        raise invalid(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: {listed(names)}, AttributeDefinitions: {listed(defined)}"
        )


def check_used(schema: Sequence[Definition], indexes: Sequence[Definition], attributes: Iterable[str]) -> None:
    """That nothing but keys is defined. Raises: ValidationException."""
    defined = list(attributes)
    keys = list(
        dict.fromkeys(name for keyed in (schema, *(i["KeySchema"] for i in indexes)) for name in names_of(keyed))
    )
    if len(defined) <= len(keys):
        return
    if not indexes:
        raise invalid(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    raise invalid(
        f"Some AttributeDefinitions are not used. AttributeDefinitions: {listed(defined)}, keys used: {listed(keys)}"
    )


def used(attributes: Mapping[str, str], key: Key, indexes: Iterable[Index]) -> dict[str, str]:
    """The definitions of attributes that are keys."""
    names = {name for one in (key, *(index.key for index in indexes)) for name in one.names}
    return {name: kind for name, kind in attributes.items() if name in names}


def check_projection(projection: Definition) -> None:
    """Raises: ValidationException."""
    kind, included = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
    if kind is None:
        raise invalid("Unknown ProjectionType: null")
    if kind == "INCLUDE" and not included:
        raise invalid("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if kind != "INCLUDE" and included is not None:
        raise invalid(f"ProjectionType is {kind}, but NonKeyAttributes is specified")


def index_of(given: Definition, attributes: Mapping[str, str], *, local: bool, status: str) -> Index:
    """A checked definition of an index."""
    return Index(
        name=given["IndexName"],
        key=key_of(given["KeySchema"], attributes),
        local=local,
        projection=given["Projection"]["ProjectionType"],
        included=tuple(given["Projection"].get("NonKeyAttributes", ())),
        status=status,
        throughput=throughput_of(given.get("ProvisionedThroughput")),
        on_demand=dict(given.get("OnDemandThroughput", {})),
        warm=dict(given.get("WarmThroughput", {})),
    )


def throughput_of(given: Definition | None) -> Throughput:
    return Throughput(read=given["ReadCapacityUnits"], write=given["WriteCapacityUnits"]) if given else Throughput()


def check_throughput(given: Definition | None, index: str = "") -> None:
    """That the units are in bounds. Raises: ValidationException."""
    for name, value in (given or {}).items():
        if value > MOST_UNITS:
            place = f" for index {index}" if index else ""
            raise errors.ValidationException(f"Given value {value} for {name} is out of bounds{place}")
