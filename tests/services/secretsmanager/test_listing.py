"""ListSecrets and BatchGetSecretValue."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("secretsmanager.secrets")

Refused = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def three(cloud: Cloud, secrets: Any) -> Any:
    given = [
        ("prod/web", "The web password", {"Team": "Blue"}),
        ("prod/db", "Database", {"Team": "Red"}),
        ("test/db", "the other", {"team": "Blue"}),
    ]
    for name, description, tags in given:
        tag_list = [{"Key": key, "Value": value} for key, value in tags.items()]
        secrets.create_secret(Name=name, Description=description, SecretString=f"value of {name}", Tags=tag_list)
        cloud.clock.advance(seconds=10)
    return secrets


def names(secrets: Any, **params: Any) -> list[str]:
    return [one["Name"] for one in secrets.list_secrets(**params)["SecretList"]]


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        ("name", ["prod"], ["prod/web", "prod/db"]),
        ("name", ["Prod"], []),
        ("name", ["prod/w", "test"], ["prod/web", "test/db"]),
        ("name", ["!prod"], ["test/db"]),
        ("name", ["prod", "!prod/db"], ["prod/web"]),
        ("description", ["THE"], ["prod/web", "test/db"]),
        ("tag-key", ["Team"], ["prod/web", "prod/db"]),
        ("tag-value", ["Blu"], ["prod/web", "test/db"]),
        ("tag-value", ["blu"], []),
        ("all", ["blue"], ["prod/web", "test/db"]),
        ("all", ["web password"], ["prod/web"]),
        ("primary-region", ["us"], []),
        ("owning-service", ["rds"], []),
    ],
)
def test_filters(three: Any, key: str, values: list[str], expected: list[str]) -> None:
    assert names(three, Filters=[{"Key": key, "Values": values}]) == expected


def test_all_filters_have_to_match(three: Any) -> None:
    filters = [{"Key": "name", "Values": ["prod"]}, {"Key": "tag-value", "Values": ["Red"]}]
    assert names(three, Filters=filters) == ["prod/db"]


def test_orders(cloud: Cloud, three: Any) -> None:
    assert names(three) == ["prod/web", "prod/db", "test/db"]
    assert names(three, SortOrder="desc") == ["test/db", "prod/db", "prod/web"]
    assert names(three, SortBy="name") == ["prod/db", "prod/web", "test/db"]
    three.update_secret(SecretId="prod/db", Description="changed")
    assert names(three, SortBy="last-changed-date")[-1] == "prod/db"
    three.get_secret_value(SecretId="prod/web")
    assert names(three, SortBy="last-accessed-date", SortOrder="desc")[0] == "prod/web"


def test_pages(three: Any, refused: Refused) -> None:
    pages = three.get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["SecretList"]) for page in pages] == [2, 1]
    with refused("InvalidNextTokenException"):
        three.list_secrets(NextToken="nonsense")


def test_many_values_at_once(three: Any, refused: Refused) -> None:
    got = three.batch_get_secret_value(SecretIdList=["prod/web", "missing"])
    assert [value["SecretString"] for value in got["SecretValues"]] == ["value of prod/web"]
    missing = "Secrets Manager can't find the specified secret."
    assert got["Errors"] == [{"SecretId": "missing", "ErrorCode": "ResourceNotFoundException", "Message": missing}]
    prod = [{"Key": "name", "Values": ["prod"]}]
    first = three.batch_get_secret_value(Filters=prod, MaxResults=1)
    second = three.batch_get_secret_value(Filters=prod, MaxResults=1, NextToken=first["NextToken"])
    assert [one["SecretValues"][0]["Name"] for one in (first, second)] == ["prod/web", "prod/db"]
    assert "NextToken" not in second
    with refused("InvalidParameterException"):
        three.batch_get_secret_value()
    with refused("InvalidParameterException"):
        three.batch_get_secret_value(SecretIdList=["prod/web"], MaxResults=1)


def test_each_of_many_values_needs_its_permission(cloud: Cloud, three: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ada")
    arn = three.describe_secret(SecretId="prod/db")["ARN"]
    statements = [
        {"Effect": "Allow", "Action": "secretsmanager:BatchGetSecretValue", "Resource": "*"},
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="ada")["AccessKey"]
    hers = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    got = cloud.client("secretsmanager", **hers).batch_get_secret_value(SecretIdList=["prod/web", "prod/db"])
    assert [value["Name"] for value in got["SecretValues"]] == ["prod/db"]
    assert [error["ErrorCode"] for error in got["Errors"]] == ["AccessDeniedException"]
