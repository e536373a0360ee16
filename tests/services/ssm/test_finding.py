"""Parameters by path and by filters, public ones, secrets as parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from hodei.testing import Cloud

pytestmark = pytest.mark.feature("ssm.parameters")

Refused = Callable[..., AbstractContextManager[None]]
INFRASTRUCTURE = "/aws/service/global-infrastructure"


@pytest.fixture
def tree(ssm: Any) -> Any:
    for name in ("/a/x", "/a/b/y", "/a/b/c/z", "/ab/w", "/top", "plain"):
        ssm.put_parameter(Name=name, Value=f"value of {name}", Type="String")
    ssm.put_parameter(Name="/a/secret", Value="s", Type="SecureString", Tier="Advanced")
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/a/x", Tags=[{"Key": "team", "Value": "red"}])
    return ssm


def by_path(ssm: Any, path: str, **params: Any) -> list[str]:
    return [one["Name"] for one in ssm.get_parameters_by_path(Path=path, **params)["Parameters"]]


@pytest.mark.parametrize(
    ("path", "recursive", "expected"),
    [
        ("/a", False, ["/a/secret", "/a/x"]),
        ("/a/", False, ["/a/secret", "/a/x"]),
        ("/a", True, ["/a/b/c/z", "/a/b/y", "/a/secret", "/a/x"]),
        ("/a/b", True, ["/a/b/c/z", "/a/b/y"]),
        ("/", False, ["/top", "plain"]),
        ("/a/x", True, []),
        ("/missing", True, []),
    ],
)
def test_by_path(tree: Any, path: str, recursive: bool, expected: list[str]) -> None:
    assert by_path(tree, path, Recursive=recursive) == expected


def test_the_whole_tree_in_pages(tree: Any, refused: Refused) -> None:
    pages = tree.get_paginator("get_parameters_by_path").paginate(
        Path="/", Recursive=True, PaginationConfig={"PageSize": 3}
    )
    found = [[one["Name"] for one in page["Parameters"]] for page in pages]
    assert [len(page) for page in found] == [3, 3, 1]
    names = [name for page in found for name in page]
    assert names == sorted(names)
    with refused("ValidationException", r"""a forward slash "/". It can't be prefixed with \"aws\" or"""):
        by_path(tree, "a")
    with refused("InvalidNextToken"):
        by_path(tree, "/", NextToken="nonsense")


def test_filters_by_path(tree: Any, refused: Refused) -> None:
    secure = {"Key": "Type", "Values": ["SecureString"]}
    assert by_path(tree, "/a", ParameterFilters=[secure]) == ["/a/secret"]
    decrypted = tree.get_parameters_by_path(Path="/a", ParameterFilters=[secure], WithDecryption=True)
    assert decrypted["Parameters"][0]["Value"] == "s"
    tree.label_parameter_version(Name="/a/x", Labels=["live"])
    tree.put_parameter(Name="/a/x", Value="newer", Overwrite=True)
    live = tree.get_parameters_by_path(Path="/a", ParameterFilters=[{"Key": "Label", "Values": ["live"]}])
    assert [(one["Name"], one["Version"]) for one in live["Parameters"]] == [("/a/x", 1)]
    with refused("InvalidFilterKey", "The following filter key is not valid: Tier."):
        by_path(tree, "/a", ParameterFilters=[{"Key": "Tier", "Values": ["Standard"]}])
    with refused("InvalidFilterOption"):
        by_path(tree, "/a", ParameterFilters=[{"Key": "Label", "Option": "BeginsWith", "Values": ["x"]}])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Key": "Name", "Values": ["/top", "plain"]}, ["/top", "plain"]),
        ({"Key": "Name", "Option": "BeginsWith", "Values": ["/a/b"]}, ["/a/b/c/z", "/a/b/y"]),
        ({"Key": "Name", "Option": "BeginsWith", "Values": ["top"]}, ["/top"]),
        ({"Key": "Name", "Option": "Contains", "Values": ["lai"]}, ["plain"]),
        ({"Key": "Path", "Values": ["/a"]}, ["/a/secret", "/a/x"]),
        ({"Key": "Path", "Option": "Recursive", "Values": ["/a/b", "/ab"]}, ["/a/b/c/z", "/a/b/y", "/ab/w"]),
        ({"Key": "Type", "Values": ["SecureString"]}, ["/a/secret"]),
        ({"Key": "KeyId", "Values": ["alias/aws/ssm"]}, ["/a/secret"]),
        ({"Key": "Tier", "Values": ["Advanced"]}, ["/a/secret"]),
        ({"Key": "DataType", "Values": ["aws:ec2:image"]}, []),
        ({"Key": "tag:team", "Values": ["red", "blue"]}, ["/a/x"]),
        ({"Key": "tag:team"}, ["/a/x"]),
        ({"Key": "tag:team", "Values": ["blue"]}, []),
    ],
)
def test_filters_of_descriptions(tree: Any, given: Any, expected: list[str]) -> None:
    answer = tree.describe_parameters(ParameterFilters=[given])
    assert [one["Name"] for one in answer["Parameters"]] == expected


def test_descriptions(tree: Any, refused: Refused) -> None:
    pages = tree.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 4})
    assert [len(page["Parameters"]) for page in pages] == [4, 3]
    older = tree.describe_parameters(Filters=[{"Key": "Name", "Values": ["/a/b"]}])
    assert [one["Name"] for one in older["Parameters"]] == ["/a/b/c/z", "/a/b/y"]
    assert older["Parameters"][0]["ARN"] == "arn:aws:ssm:us-east-1:000000000000:parameter/a/b/c/z"
    assert tree.describe_parameters(Shared=True)["Parameters"] == []
    name = {"Key": "Name", "Values": ["x"]}
    with refused("ValidationException", "either Filters or ParameterFilters"):
        tree.describe_parameters(Filters=[name], ParameterFilters=[name])
    with refused("InvalidFilterKey"):
        tree.describe_parameters(ParameterFilters=[{"Key": "Label", "Values": ["x"]}])
    with refused("InvalidFilterOption"):
        tree.describe_parameters(ParameterFilters=[name | {"Option": "Recursive"}])
    with refused("InvalidFilterValue"):
        tree.describe_parameters(ParameterFilters=[{"Key": "Name"}])
    with refused("ValidationException", "duplicated"):
        tree.describe_parameters(ParameterFilters=[name, name])


def test_public_parameters(ssm: Any, refused: Refused) -> None:
    ireland = ssm.get_parameter(Name=f"{INFRASTRUCTURE}/regions/eu-west-1/longName")["Parameter"]
    assert ireland["Value"] == "Europe (Ireland)"
    assert ireland["ARN"] == f"arn:aws:ssm:us-east-1::parameter{INFRASTRUCTURE}/regions/eu-west-1/longName"
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=f"{INFRASTRUCTURE}/regions")
    regions = [one["Value"] for page in pages for one in page["Parameters"]]
    assert {"us-east-1", "eu-west-1", "cn-north-1"} <= set(regions)
    assert len(regions) == len(set(regions))
    sqs = ssm.get_parameter(Name=f"{INFRASTRUCTURE}/regions/us-east-1/services/sqs")["Parameter"]["Value"]
    assert sqs == "sqs"
    image = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    with refused("ParameterNotFound", "images"):
        ssm.get_parameter(Name=image)
    assert ssm.get_parameters(Names=[image])["InvalidParameters"] == [image]


def test_secrets_as_parameters(cloud: Cloud, ssm: Any, refused: Refused) -> None:
    secrets = cloud.client("secretsmanager")
    made = secrets.create_secret(Name="db/password", SecretString="one")
    secrets.put_secret_value(SecretId="db/password", SecretString="two")
    name = "/aws/reference/secretsmanager/db/password"
    with refused("ValidationException", "WithDecryption flag must be True"):
        ssm.get_parameter(Name=name)
    found = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (found["Name"], found["Type"], found["Value"], found["ARN"]) == (name, "SecureString", "two", made["ARN"])
    assert json.loads(found["SourceResult"])["VersionStages"] == ["AWSCURRENT"]
    for selector in ("AWSPREVIOUS", made["VersionId"]):
        before = ssm.get_parameter(Name=f"{name}:{selector}", WithDecryption=True)["Parameter"]
        assert before["Value"] == "one"
    ssm.put_parameter(Name="plain", Value="v", Type="String")
    got = ssm.get_parameters(Names=[name, "plain", f"{name}x"], WithDecryption=True)
    assert [one["Value"] for one in got["Parameters"]] == ["two", "v"]
    assert got["InvalidParameters"] == [f"{name}x"]
