"""Last uses of keys and roles, and the access advisor's reports."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import ACCOUNT, document

pytestmark = pytest.mark.feature("iam.identities")

ADA, WORKER = f"arn:aws:iam::{ACCOUNT}:user/ada", f"arn:aws:iam::{ACCOUNT}:role/worker"
Refused = Callable[..., Any]


@pytest.fixture
def now(cloud: Cloud) -> datetime:
    """A moment that stays, and is of a whole second, as AWS tells times."""
    cloud.clock.freeze()
    cloud.clock.advance(seconds=1 - cloud.world.clock.now() % 1)
    return cloud.clock.now().replace(microsecond=0)


@pytest.fixture
def key(iam: Any, user: str) -> dict[str, str]:
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document(["sqs:*", "s3:ListAllMyBuckets"]))
    return dict(iam.create_access_key(UserName=user)["AccessKey"])


@pytest.fixture
def ada(cloud: Cloud, key: dict[str, str]) -> Callable[..., Any]:
    secrets = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    return lambda service, **more: cloud.client(service, **secrets, **more)


def report(iam: Any, arn: str, granularity: str = "SERVICE_LEVEL", **more: Any) -> dict[str, Any]:
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity=granularity)["JobId"]
    return dict(iam.get_service_last_accessed_details(JobId=job, **more))


def services(found: dict[str, Any]) -> dict[str, Any]:
    return {one["ServiceNamespace"]: one for one in found["ServicesLastAccessed"]}


def test_the_last_use_of_a_key(cloud: Cloud, iam: Any, now: datetime, key: dict[str, str], ada: Any) -> None:
    def last() -> dict[str, Any]:
        return dict(iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"])

    assert last() == {"ServiceName": "N/A", "Region": "N/A"}
    ada("sqs", region_name="eu-west-1").list_queues()
    assert last() == {"LastUsedDate": now, "ServiceName": "sqs", "Region": "eu-west-1"}
    cloud.clock.advance(hours=1)
    ada("s3").list_buckets()
    assert last() == {"LastUsedDate": cloud.clock.now(), "ServiceName": "s3", "Region": "us-east-1"}
    iam.put_user_policy(UserName="ada", PolicyName="more", PolicyDocument=document("iam:GetUser"))
    cloud.clock.advance(hours=1)
    ada("iam", region_name="eu-west-1").get_user()
    assert last() == {"LastUsedDate": cloud.clock.now(), "ServiceName": "iam", "Region": "us-east-1"}
    iam.update_user(UserName="ada", NewUserName="grace")
    assert last()["ServiceName"] == "iam"


def test_keys_of_the_root_too(cloud: Cloud, iam: Any, now: datetime) -> None:
    key = iam.create_access_key()["AccessKey"]
    secrets = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    cloud.client("sqs", **secrets).list_queues()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert used["AccessKeyLastUsed"]["ServiceName"] == "sqs"


def test_a_call_that_was_denied_is_a_use(
    iam: Any, now: datetime, key: dict[str, str], ada: Any, refused: Refused
) -> None:
    with refused("AccessDeniedException"):
        ada("kms").list_keys()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["LastUsedDate"]) == ("kms", now)


def test_in_the_credential_report(iam: Any, now: datetime, ada: Any) -> None:
    ada("sqs").list_queues()
    iam.generate_credential_report()
    rows = list(csv.DictReader(iam.get_credential_report()["Content"].decode().splitlines()))
    (row,) = [row for row in rows if row["user"] == "ada"]
    assert row["access_key_1_last_used_date"] == now.isoformat()
    assert (row["access_key_1_last_used_service"], row["access_key_1_last_used_region"]) == ("sqs", "us-east-1")
    assert row["access_key_2_last_used_date"] == "N/A"


@pytest.fixture
def as_worker(cloud: Cloud, iam: Any) -> Callable[[str], Any]:
    """A client of a service, in a new session of a role that may do everything."""
    principal = document("sts:AssumeRole").replace('"Resource": "*"', f'"Principal": {{"AWS": "{ACCOUNT}"}}')
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=principal)
    iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=document(["sqs:*", "dynamodb:*"]))

    def as_worker(service: str) -> Any:
        role = {"RoleArn": WORKER, "RoleSessionName": "session"}
        credentials = cloud.client("sts").assume_role(**role)["Credentials"]
        return cloud.client(
            service,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    return as_worker


def test_the_last_use_of_a_role(cloud: Cloud, iam: Any, now: datetime, as_worker: Any) -> None:
    assert iam.get_role(RoleName="worker")["Role"]["RoleLastUsed"] == {}
    queues = as_worker("sqs")
    assert iam.get_role(RoleName="worker")["Role"]["RoleLastUsed"] == {}, "to assume it is no use of it"
    queues.list_queues()
    assert iam.get_role(RoleName="worker")["Role"]["RoleLastUsed"] == {"LastUsedDate": now, "Region": "us-east-1"}
    details = iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
    assert details[0]["RoleLastUsed"]["LastUsedDate"] == now
    cloud.clock.advance(seconds=1)
    iam.delete_role_policy(RoleName="worker", PolicyName="own")
    trust = iam.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role(RoleName="worker")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=str(trust).replace("'", '"'))
    assert iam.get_role(RoleName="worker")["Role"]["RoleLastUsed"] == {}, "another role of that name"


def test_what_is_400_days_old_is_forgotten(cloud: Cloud, iam: Any, now: datetime, as_worker: Any) -> None:
    as_worker("sqs").list_queues()
    cloud.clock.advance(days=400)
    assert iam.get_role(RoleName="worker")["Role"]["RoleLastUsed"] == {}
    assert "LastAuthenticated" not in services(report(iam, WORKER))["sqs"]


def test_a_report_on_a_user(cloud: Cloud, iam: Any, now: datetime, ada: Any, refused: Refused) -> None:
    ada("sqs", region_name="eu-west-1").list_queues()
    with refused("AccessDeniedException"):
        ada("kms").list_keys()
    cloud.clock.advance(minutes=5)
    found = report(iam, ADA)
    assert (found["JobStatus"], found["JobType"]) == ("COMPLETED", "SERVICE_LEVEL")
    assert found["JobCreationDate"] == found["JobCompletionDate"] == cloud.clock.now()
    assert list(services(found)) == ["s3", "sqs"], "those that are permitted"
    assert services(found)["sqs"] == {
        "ServiceName": "Amazon SQS",
        "ServiceNamespace": "sqs",
        "LastAuthenticated": now,
        "LastAuthenticatedEntity": ADA,
        "LastAuthenticatedRegion": "eu-west-1",
        "TotalAuthenticatedEntities": 1,
    }
    unused = {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "TotalAuthenticatedEntities": 0}
    assert services(found)["s3"] == unused


def test_actions(cloud: Cloud, iam: Any, now: datetime, as_worker: Any) -> None:
    """AWS tracks actions of management: of those on data it tells the service."""
    as_worker("sqs").create_queue(QueueName="q")
    cloud.clock.advance(minutes=1)
    as_worker("sqs").list_queues()
    table = as_worker("dynamodb")
    with pytest.raises(table.exceptions.ResourceNotFoundException):
        table.get_item(TableName="tab", Key={"pk": {"S": "a"}})
    found = services(report(iam, WORKER, "ACTION_LEVEL"))
    assert found["sqs"]["TrackedActionsLastAccessed"] == [
        {
            "ActionName": name,
            "LastAccessedEntity": WORKER,
            "LastAccessedTime": at,
            "LastAccessedRegion": "us-east-1",
        }
        for name, at in (("CreateQueue", now), ("ListQueues", cloud.clock.now()))
    ]
    assert found["dynamodb"]["LastAuthenticated"]
    assert "TrackedActionsLastAccessed" not in found["dynamodb"]
    assert "TrackedActionsLastAccessed" not in services(report(iam, WORKER))["sqs"]


def test_a_report_stays_as_it_was(cloud: Cloud, iam: Any, now: datetime, ada: Any) -> None:
    job = iam.generate_service_last_accessed_details(Arn=ADA)["JobId"]
    ada("sqs").list_queues()
    assert "LastAuthenticated" not in services(iam.get_service_last_accessed_details(JobId=job))["sqs"]
    assert "LastAuthenticated" in services(report(iam, ADA))["sqs"]


def test_reports_on_groups_and_policies(cloud: Cloud, iam: Any, now: datetime, ada: Any, as_worker: Any) -> None:
    policy = iam.create_policy(PolicyName="queues", PolicyDocument=document("sqs:*"))["Policy"]["Arn"]
    iam.create_group(GroupName="staff")
    iam.attach_group_policy(GroupName="staff", PolicyArn=policy)
    iam.attach_role_policy(RoleName="worker", PolicyArn=policy)
    for name in ("ada", "idle"):
        if name == "idle":
            iam.create_user(UserName=name)
        iam.add_user_to_group(UserName=name, GroupName="staff")
    ada("sqs").list_queues()
    cloud.clock.advance(minutes=1)
    as_worker("sqs").list_queues()
    group = f"arn:aws:iam::{ACCOUNT}:group/staff"
    found = services(report(iam, group))["sqs"]
    assert (found["LastAuthenticatedEntity"], found["LastAuthenticated"]) == (ADA, now)
    assert found["TotalAuthenticatedEntities"] == 1
    found = services(report(iam, policy))["sqs"]
    assert (found["LastAuthenticatedEntity"], found["TotalAuthenticatedEntities"]) == (WORKER, 2)
    job = {"JobId": iam.generate_service_last_accessed_details(Arn=policy)["JobId"], "ServiceNamespace": "sqs"}
    listed = iam.get_service_last_accessed_details_with_entities(**job)
    assert [one["EntityInfo"]["Name"] for one in listed["EntityDetailsList"]] == ["worker", "ada", "idle"]
    worker, _, idle = listed["EntityDetailsList"]
    assert (worker["EntityInfo"]["Type"], worker["EntityInfo"]["Arn"]) == ("ROLE", WORKER)
    assert worker["LastAuthenticated"] == cloud.clock.now()
    assert "LastAuthenticated" not in idle
    names: list[str] = []
    page: dict[str, Any] = {"IsTruncated": True}
    while page["IsTruncated"]:
        more = {"Marker": page["Marker"]} if "Marker" in page else {}
        page = iam.get_service_last_accessed_details_with_entities(MaxItems=1, **job, **more)
        names += [one["EntityInfo"]["Name"] for one in page["EntityDetailsList"]]
    assert names == ["worker", "ada", "idle"]


def test_an_administrator_may_use_every_service(iam: Any, user: str, now: datetime) -> None:
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    job = iam.generate_service_last_accessed_details(Arn=ADA)["JobId"]
    found: list[str] = []
    page: dict[str, Any] = {"IsTruncated": True}
    while page["IsTruncated"]:
        more = {"Marker": page["Marker"]} if "Marker" in page else {}
        page = iam.get_service_last_accessed_details(JobId=job, **more)
        assert len(page["ServicesLastAccessed"]) <= 100
        found += [one["ServiceNamespace"] for one in page["ServicesLastAccessed"]]
    assert found == sorted(set(found))
    assert {"ec2", "iam", "s3", "sqs"} <= set(found)


def test_refusals(cloud: Cloud, iam: Any, user: str, ada: Any, refused: Refused) -> None:
    with refused("NoSuchEntity", status=404):
        iam.generate_service_last_accessed_details(Arn=f"arn:aws:iam::{ACCOUNT}:user/nobody")
    with refused("NoSuchEntity", status=404):
        iam.generate_service_last_accessed_details(Arn=f"arn:aws:iam::{ACCOUNT}:policy/none")
    with refused("InvalidInput"):
        iam.generate_service_last_accessed_details(Arn="arn:aws:iam::123456789012:user/ada")
    with refused("NoSuchEntity", status=404):
        iam.get_service_last_accessed_details(JobId="0" * 36)
    job = iam.generate_service_last_accessed_details(Arn=ADA)["JobId"]
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document("iam:*"))
    with refused("NoSuchEntity", status=404):
        ada("iam").get_service_last_accessed_details(JobId=job)
    with refused("ValidationError", "Marker"):
        iam.get_service_last_accessed_details(JobId=job, Marker="x")
