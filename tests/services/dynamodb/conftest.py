from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hodei.testing import Cloud

Definitions = dict[str, Any]


def key_schema(hash_: str, range_: str = "") -> list[dict[str, str]]:
    """key_schema("pk", "sk")"""
    kinds = {hash_: "HASH", range_: "RANGE"} if range_ else {hash_: "HASH"}
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds.items()]


def attributes(**types: str) -> list[dict[str, str]]:
    """attributes(pk="S", sk="N")"""
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def index(name: str, hash_: str, range_: str = "", projection: str = "ALL", *included: str) -> dict[str, Any]:
    """The definition of a secondary index."""
    found: dict[str, Any] = {"ProjectionType": projection}
    if included:
        found["NonKeyAttributes"] = list(included)
    return {"IndexName": name, "KeySchema": key_schema(hash_, range_), "Projection": found}


@pytest.fixture
def dynamodb(cloud: Cloud) -> Any:
    return cloud.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))  # of ten, with pauses


@pytest.fixture
def make(dynamodb: Any) -> Callable[..., dict[str, Any]]:
    """Make an on-demand table with the string key pk, or as the parameters of CreateTable say; its description."""

    def make(name: str = "table", **params: Any) -> dict[str, Any]:
        defaults = {
            "TableName": name,
            "AttributeDefinitions": attributes(pk="S"),
            "KeySchema": key_schema("pk"),
            **({} if "ProvisionedThroughput" in params else {"BillingMode": "PAY_PER_REQUEST"}),
        }
        return dict(dynamodb.create_table(**(defaults | params))["TableDescription"])

    return make


@pytest.fixture
def refused() -> Callable[..., AbstractContextManager[None]]:
    """The calls inside fail with that code and exactly that message."""

    @contextmanager
    def refused(code: str, message: str) -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        error = caught.value.response["Error"]
        assert (error["Code"], error["Message"]) == (code, message)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400

    return refused
