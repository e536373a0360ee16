"""Which resources a target means: by ARN, by tags, by filters; how many of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, NONE, ROLE, trusting

Role = Callable[..., str]
Resolve = Callable[..., dict[str, Any]]


@pytest.fixture
def apps(cloud: Cloud) -> list[str]:
    """The ARNs of ten roles."""
    iam = cloud.client("iam")
    trust = trusting({"AWS": ACCOUNT})
    return [
        iam.create_role(RoleName=f"app{number}", AssumeRolePolicyDocument=trust, MaxSessionDuration=3600 + number % 2)[
            "Role"
        ]["Arn"]
        for number in range(10)
    ]


@pytest.fixture
def buckets(cloud: Cloud) -> list[str]:
    """The names of seven tagged buckets, of one that is not, and of one elsewhere."""
    s3 = cloud.client("s3")
    for number in range(8):
        s3.create_bucket(Bucket=f"bucket{number}")
        tags = [{"Key": "env", "Value": "test"}, {"Key": "n", "Value": f"{number % 2}"}][: 2 if number < 7 else 1]
        s3.put_bucket_tagging(Bucket=f"bucket{number}", Tagging={"TagSet": tags if number < 7 else []})
    elsewhere = cloud.client("s3", region_name="eu-west-1")
    elsewhere.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    elsewhere.put_bucket_tagging(Bucket="far", Tagging={"TagSet": [{"Key": "env", "Value": "test"}]})
    return [f"bucket{number}" for number in range(7)]


@pytest.fixture
def resolve(cloud: Cloud, fis: Any) -> Resolve:
    """The experiment of one target, of which nothing is done."""

    def experiment(target: dict[str, Any], mode: str = "ALL", **options: Any) -> dict[str, Any]:
        key, id = {
            "aws:iam:role": ("Roles", "aws:fis:inject-api-internal-error"),
            "aws:s3:bucket": ("Buckets", "aws:s3:bucket-pause-replication"),
            "aws:dynamodb:global-table": ("Tables", "aws:dynamodb:global-table-pause-replication"),
        }[target["resourceType"]]
        parameters = {"duration": "PT1M"}
        if key == "Roles":
            cloud.set("fis", "any-service", True)
            parameters |= {"service": "sqs", "operations": "ListQueues", "percentage": "1"}
        if key == "Buckets":
            parameters |= {"region": "us-east-1"}
        template = fis.create_experiment_template(
            description="targets",
            roleArn=ROLE,
            stopConditions=NONE,
            targets={"t": target | {"selectionMode": mode}},
            actions={"act": {"actionId": id, "parameters": parameters, "targets": {key: "t"}}},
            experimentOptions=options.get("options", {}),
        )["experimentTemplate"]["id"]
        run = fis.start_experiment(
            experimentTemplateId=template, experimentOptions={"actionsMode": options.get("actions", "skip-all")}
        )["experiment"]["id"]
        cloud.clock.advance(seconds=0)
        found: dict[str, Any] = fis.get_experiment(id=run)["experiment"]
        return found

    return experiment


def resolved(fis: Any, experiment: dict[str, Any], **given: Any) -> list[str]:
    pages = fis.get_paginator("list_experiment_resolved_targets").paginate(
        experimentId=experiment["id"], PaginationConfig={"PageSize": 2}, **given
    )
    found = [one for page in pages for one in page["resolvedTargets"]]
    assert all(
        one["targetName"] == "t" and one["resourceType"] == experiment["targets"]["t"]["resourceType"] for one in found
    )
    return [one["targetInformation"]["arn"] for one in found]


def roles(*arns: str) -> dict[str, Any]:
    return {"resourceType": "aws:iam:role", "resourceArns": list(arns)}


def test_by_arn_those_that_are_there(
    fis: Any, role: Role, apps: list[str], resolve: Resolve, refused: Callable[..., Any]
) -> None:
    role()
    found = resolve(roles(*apps[:3], apps[0] + "x", "arn:aws:iam::111111111111:role/app0"))
    assert found["state"]["status"] == "completed"
    assert resolved(fis, found) == apps[:3]
    assert resolved(fis, found, targetName="t") == apps[:3]
    with refused("ResourceNotFoundException", status=404):
        fis.list_experiment_resolved_targets(experimentId=found["id"], targetName="other")
    with refused("ResourceNotFoundException", status=404):
        fis.list_experiment_resolved_targets(experimentId="EXPnone")


def test_by_tags_all_of_them(fis: Any, role: Role, buckets: list[str], resolve: Resolve) -> None:
    role("tag:GetResources")
    for tags, expected in (({"env": "test"}, buckets), ({"env": "test", "n": "1"}, buckets[1::2])):
        found = resolve({"resourceType": "aws:s3:bucket", "resourceTags": tags})
        assert sorted(resolved(fis, found)) == [f"arn:aws:s3:::{name}" for name in expected]


def test_tags_need_a_permission(role: Role, buckets: list[str], resolve: Resolve) -> None:
    role()
    found = resolve({"resourceType": "aws:s3:bucket", "resourceTags": {"env": "test"}})
    assert found["state"]["error"]["code"] == "AuthorizationFailure"
    assert "tag:GetResources" in found["state"]["reason"]


def test_filters(cloud: Cloud, fis: Any, role: Role, apps: list[str], buckets: list[str], resolve: Resolve) -> None:
    role("iam:ListRoles", "tag:GetResources", "s3:ListAllMyBuckets", "dynamodb:*")
    filters = [
        {"path": "MaxSessionDuration", "values": ["3601", "7"]},
        {"path": "RoleName", "values": ["app1", "app2", "app3"]},
    ]
    found = resolve({"resourceType": "aws:iam:role", "filters": filters})
    assert resolved(fis, found) == [apps[1], apps[3]]
    named = [{"path": "Name", "values": ["bucket1", "bucket2", "bucket7"]}]
    found = resolve({"resourceType": "aws:s3:bucket", "resourceTags": {"n": "1"}, "filters": named})
    assert resolved(fis, found) == ["arn:aws:s3:::bucket1"]
    dynamodb = cloud.client("dynamodb")
    for name in ("one", "two"):
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
    cloud.clock.advance(minutes=1)
    dynamodb.update_table(TableName="two", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    cloud.clock.advance(minutes=5)
    replicated = [{"path": "Replicas.RegionName", "values": ["eu-west-1"]}]
    found = resolve({"resourceType": "aws:dynamodb:global-table", "filters": replicated})
    assert resolved(fis, found) == [f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/two"]
    found = resolve({"resourceType": "aws:iam:role", "filters": [{"path": "Arn.Nothing", "values": ["x"]}]})
    assert found["state"]["error"]["code"] == "InvalidTarget"


@pytest.mark.parametrize(
    ("mode", "count"), [("ALL", 5), ("COUNT(2)", 2), ("COUNT(9)", 5), ("PERCENT(50)", 2), ("PERCENT(100)", 5)]
)
def test_selection(fis: Any, role: Role, apps: list[str], resolve: Resolve, mode: str, count: int) -> None:
    """A percentage is rounded down."""
    role()
    found = resolved(fis, resolve(roles(*apps[:5]), mode))
    assert len(found) == len(set(found)) == count
    assert set(found) <= set(apps)


def test_a_selection_is_by_chance_that_a_seed_repeats() -> None:
    def selected(seed: int) -> list[list[str]]:
        with Cloud(seed=seed) as cloud:
            iam, fis = cloud.client("iam"), cloud.client("fis")
            iam.create_role(RoleName="fis", AssumeRolePolicyDocument=trusting({"Service": "fis.amazonaws.com"}))
            arns = [
                iam.create_role(RoleName=f"a{number}", AssumeRolePolicyDocument=trusting({"AWS": ACCOUNT}))["Role"][
                    "Arn"
                ]
                for number in range(5)
            ]
            run = resolve.__wrapped__(cloud, fis)  # type: ignore[attr-defined]
            return [resolved(fis, run(roles(*arns), "COUNT(1)")) for _ in range(8)]

    first = selected(1)
    assert first == selected(1)
    assert len({arn for (arn,) in first}) > 1


def test_an_empty_target_fails_or_is_skipped(role: Role, resolve: Resolve) -> None:
    role()
    nobody = roles(f"arn:aws:iam::{ACCOUNT}:role/nobody")
    found = resolve(nobody, actions="run-all")
    assert found["state"]["status"] == "failed"
    assert found["state"]["reason"] == "Target resolution returned empty set"
    assert found["state"]["error"]["code"] == "InvalidTarget"
    found = resolve(nobody, actions="run-all", options={"emptyTargetResolutionMode": "skip"})
    assert found["state"]["status"] == "completed"
    assert found["actions"]["act"]["state"]["status"] == "skipped"


def test_an_action_has_no_more_targets_than_its_quota(
    cloud: Cloud, role: Role, buckets: list[str], resolve: Resolve
) -> None:
    role("tag:GetResources", "s3:*")
    cloud.quota("fis", "buckets", 6)
    found = resolve({"resourceType": "aws:s3:bucket", "resourceTags": {"env": "test"}}, actions="run-all")
    assert found["state"]["error"]["code"] == "QuotaExceededFailure"
