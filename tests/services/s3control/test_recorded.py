"""What real AWS answered."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import ACCOUNT

FOLDER = Path(os.environ.get("HODEI_RECORDED", Path(__file__).parents[4] / "shared" / "recorded"))
PATH = FOLDER / "s3control.json"

pytestmark = pytest.mark.skipif(not PATH.exists(), reason="no recorded answers here")

BUCKET = "arn:aws:s3:::bucket"


def said(call: Callable[..., Any], **params: Any) -> Any:
    """What a call answers, be it an error."""
    try:
        answer = call(AccountId=ACCOUNT, **params)
    except ClientError as error:
        answer = error.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return {**answer, "ResponseMetadata": {"HTTPHeaders": {}, "HTTPStatusCode": status}}


def check(name: str, answers: dict[str, Any]) -> None:
    (content,) = (test["content"] for id, test in json.loads(PATH.read_text()).items() if id.endswith(f"::{name}"))
    assert answers.keys() == content.keys()
    for answer, expected in content.items():
        same(expected, answers[answer], answer)


def same(expected: Any, actual: Any, at: str) -> None:
    """<placeholders> and the account stand for anything."""
    if isinstance(expected, dict):
        assert expected.keys() == actual.keys(), (at, actual)
        for key, value in expected.items():
            same(value, actual[key], f"{at}.{key}")
    elif isinstance(expected, list):
        assert len(expected) == len(actual), at
        for one, other in zip(expected, actual):
            same(one, other, at)
    elif isinstance(expected, str) and expected != "host-id":
        pattern = re.escape(re.sub(r"<[^>]*>|1{12}", "\0", expected)).replace("\0", ".+")
        assert re.fullmatch(pattern, str(actual), re.DOTALL), (at, expected, actual)
    else:
        assert expected == actual or (expected == "host-id" and actual), (at, expected, actual)


@pytest.mark.feature("s3.policies")
def test_an_empty_public_access_block(control: Any) -> None:
    answer = said(control.put_public_access_block, PublicAccessBlockConfiguration={})
    check("test_empty_public_access_block", {"put-public-access-block-empty": answer})


@pytest.mark.feature("s3.access-points")
def test_names_of_access_points(control: Any, s3: Any) -> None:
    short = said(control.create_access_point, Name="sa", Bucket="bucket")
    wrong = said(control.create_access_point, Name="xn-_test-alias", Bucket="bucket")
    answers = {"access-point-name-too-short": short, "access-point-wrong-naming": wrong}
    check("test_access_point_name_validation", answers)


@pytest.mark.feature("s3.access-points")
def test_an_access_point_needs_a_bucket(control: Any) -> None:
    answer = said(control.create_access_point, Name="point", Bucket="none")
    check("test_access_point_bucket_not_exists", {"access-point-bucket-not-exists": answer})


@pytest.mark.feature("s3.access-points")
def test_an_access_point_that_is_there(control: Any, point: Any) -> None:
    answer = said(control.create_access_point, Name="point", Bucket="bucket")
    check("test_access_point_already_exists", {"access-point-already-exists": answer})


@pytest.mark.feature("s3.access-points")
def test_pages_of_access_points(control: Any, s3: Any) -> None:
    made = {}
    for bucket in ("one", "two", "three"):
        s3.create_bucket(Bucket=bucket)
    for number, (name, bucket) in enumerate((("b", "one"), ("a", "one"), ("c", "two"))):
        made[f"create-access-point-{number}"] = said(control.create_access_point, Name=f"point-{name}", Bucket=bucket)
    control.create_access_point(AccountId=ACCOUNT, Name="point-d", Bucket="three")
    first = said(control.list_access_points, MaxResults=1)
    second = said(control.list_access_points, MaxResults=1, NextToken=first["NextToken"])
    answers = {
        **made,
        "list-all": said(control.list_access_points),
        "list-by-bucket": said(control.list_access_points, Bucket="one"),
        "list-one-max": first,
        "list-one-next": second,
        "list-one-next-2": said(control.list_access_points, MaxResults=1, NextToken=second["NextToken"]),
    }
    check("test_access_point_pagination", answers)
    assert [point["Name"] for point in answers["list-all"]["AccessPointList"]] == [f"point-{name}" for name in "abcd"]
    assert [point["Name"] for point in answers["list-by-bucket"]["AccessPointList"]] == ["point-a", "point-b"]


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


@pytest.mark.feature("s3.policies")
def test_the_life_of_tags(control: Any, s3: Any) -> None:
    answers = {"list-tags-before": said(control.list_tags_for_resource, ResourceArn=BUCKET)}
    given = tags(key1="value1", key2="value2")
    answers["tag-resource"] = said(control.tag_resource, ResourceArn=BUCKET, Tags=given)
    answers["list-tags-1"] = said(control.list_tags_for_resource, ResourceArn=BUCKET)
    given = tags(key1="value1", key3="value3")
    answers["tag-resource-after-update"] = said(control.tag_resource, ResourceArn=BUCKET, Tags=given)
    answers["list-tags-after-update"] = said(control.list_tags_for_resource, ResourceArn=BUCKET)
    answers["untag-resource"] = said(control.untag_resource, ResourceArn=BUCKET, TagKeys=["key3"])
    answers["list-tags-after-untag"] = said(control.list_tags_for_resource, ResourceArn=BUCKET)
    answers["untag-resource-idempotent"] = said(control.untag_resource, ResourceArn=BUCKET, TagKeys=["key3"])
    check("test_tag_lifecycle", answers)


@pytest.mark.feature("s3.policies")
def test_bad_tags(control: Any, s3: Any) -> None:
    bad: dict[str, Any] = {
        "tags-key-none": [{"Value": "value"}],
        "tags-value-none": [{"Key": "key"}],
        "tags-key-aws-prefix": tags(**{"aws:key": "value"}),
        "tags-key-aws-duplicated-key": tags(key="1") + tags(key="2"),
        "tags-key-aws-bad-key": tags(**{"key?": "value"}),
        "tags-key-aws-bad-value": tags(key="value?"),
    }
    answers = {name: said(control.tag_resource, ResourceArn=BUCKET, Tags=given) for name, given in bad.items()}
    check("test_tag_resource_validation", answers)
