"""The access advisor's reports on an organization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import document

pytestmark = pytest.mark.feature("iam.identities", "organizations.accounts")

MANAGEMENT, MEMBERS = "000000000000", ("111111111111", "222222222222")
SCP = "SERVICE_CONTROL_POLICY"
Refused = Callable[..., Any]


class Organization:
    def __init__(self, cloud: Cloud) -> None:
        self.client = cloud.client("organizations")
        self.id = self.client.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        self.root = self.client.list_roots()["Roots"][0]["Id"]
        self.client.enable_policy_type(RootId=self.root, PolicyType=SCP)
        self.unit = self.client.create_organizational_unit(ParentId=self.root, Name="unit")["OrganizationalUnit"]["Id"]
        for member in MEMBERS:
            asked = self.client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": member})["Handshake"]
            cloud.client("organizations", account=member).accept_handshake(HandshakeId=asked["Id"])
        self.client.move_account(AccountId=MEMBERS[0], SourceParentId=self.root, DestinationParentId=self.unit)

    def path(self, *places: str) -> str:
        return "/".join((self.id, self.root, *places))

    def attach(self, target: str, content: str, *, alone: bool = False) -> str:
        made = self.client.create_policy(Content=content, Description="", Name=f"for-{target}", Type=SCP)
        policy = str(made["Policy"]["PolicySummary"]["Id"])
        self.client.attach_policy(PolicyId=policy, TargetId=target)
        if alone:
            self.client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=target)
        return policy


@pytest.fixture
def organization(cloud: Cloud) -> Organization:
    return Organization(cloud)


@pytest.fixture
def report(iam: Any) -> Callable[..., dict[str, Any]]:
    def report(path: str, policy: str = "", **more: Any) -> dict[str, Any]:
        given = {"OrganizationsPolicyId": policy} if policy else {}
        job = iam.generate_organizations_access_report(EntityPath=path, **given)["JobId"]
        found: dict[str, Any] = iam.get_organizations_access_report(JobId=job, MaxItems=1000, **more)
        assert found["JobStatus"] == "COMPLETED"
        return found

    return report


def services(found: dict[str, Any]) -> dict[str, Any]:
    return {one["ServiceNamespace"]: one for one in found["AccessDetails"]}


def test_what_the_policies_leave_and_who_used_it(cloud: Cloud, organization: Organization, report: Any) -> None:
    cloud.client("sqs", account=MEMBERS[0]).list_queues()
    cloud.clock.advance(minutes=1)
    cloud.client("sqs", account=MEMBERS[1], region_name="eu-west-1").list_queues()
    whole = report(organization.path())
    assert whole["NumberOfServicesAccessible"] > 400
    assert whole["NumberOfServicesAccessible"] - whole["NumberOfServicesNotAccessed"] == len(
        [one for one in whole["AccessDetails"] if one["TotalAuthenticatedEntities"]]
    )
    queues = services(whole)["sqs"]
    assert (queues["ServiceName"], queues["TotalAuthenticatedEntities"]) == ("Amazon SQS", 2)
    assert (queues["EntityPath"], queues["Region"]) == (organization.path(MEMBERS[1]), "eu-west-1")
    assert services(whole)["ec2"] == {
        "ServiceName": "Amazon EC2",
        "ServiceNamespace": "ec2",
        "TotalAuthenticatedEntities": 0,
    }
    for path in (organization.path(organization.unit), organization.path(organization.unit, MEMBERS[0])):
        queues = services(report(path))["sqs"]
        assert queues["TotalAuthenticatedEntities"] == 1
        assert queues["EntityPath"] == organization.path(organization.unit, MEMBERS[0])


def test_every_level_has_to_allow(organization: Organization, report: Any) -> None:
    organization.attach(organization.unit, document(["sqs:*", "s3:Get*"]), alone=True)
    organization.attach(MEMBERS[0], document(["sqs:SendMessage", "ec2:*"]), alone=True)
    assert list(services(report(organization.path(organization.unit)))) == ["s3", "sqs"]
    assert list(services(report(organization.path(organization.unit, MEMBERS[0])))) == ["sqs"]
    assert len(services(report(organization.path(MEMBERS[1])))) > 400


def test_the_management_account_is_not_limited(cloud: Cloud, organization: Organization, report: Any) -> None:
    organization.attach(organization.root, document("sqs:*"), alone=True)
    cloud.client("dynamodb").list_tables()
    own = services(report(organization.path(MANAGEMENT)))
    assert own["dynamodb"]["EntityPath"] == organization.path(MANAGEMENT)
    assert "dynamodb" not in services(report(organization.path()))


def test_of_one_policy(cloud: Cloud, organization: Organization, report: Any) -> None:
    policy = organization.attach(organization.unit, document(["sqs:*", "s3:*"]))
    for member in MEMBERS:
        cloud.client("sqs", account=member).list_queues()
    for path in (organization.path(), organization.path(organization.unit)):
        found = services(report(path, policy))
        assert list(found) == ["s3", "sqs"]
        assert found["sqs"]["TotalAuthenticatedEntities"] == 1
        assert found["sqs"]["EntityPath"] == organization.path(organization.unit, MEMBERS[0])
    below = report(organization.path(organization.unit, MEMBERS[0]), policy)
    assert services(below)["sqs"]["TotalAuthenticatedEntities"] == 1
    elsewhere = report(organization.path(MEMBERS[1]), policy)
    assert services(elsewhere)["sqs"]["TotalAuthenticatedEntities"] == 0
    assert elsewhere["NumberOfServicesNotAccessed"] == 2


def test_order_and_pages(cloud: Cloud, iam: Any, organization: Organization, report: Any) -> None:
    organization.attach(organization.unit, document(["sqs:*", "s3:*", "dynamodb:*"]), alone=True)
    for service, method in (("sqs", "list_queues"), ("dynamodb", "list_tables")):
        cloud.clock.advance(minutes=1)
        getattr(cloud.client(service, account=MEMBERS[0]), method)()
    path = organization.path(organization.unit)
    names = ["dynamodb", "s3", "sqs"]
    assert list(services(report(path))) == names
    assert list(services(report(path, SortKey="SERVICE_NAMESPACE_DESCENDING"))) == names[::-1]
    by_time = ["s3", "sqs", "dynamodb"]
    assert list(services(report(path, SortKey="LAST_AUTHENTICATED_TIME_ASCENDING"))) == by_time
    assert list(services(report(path, SortKey="LAST_AUTHENTICATED_TIME_DESCENDING"))) == by_time[::-1]
    job = iam.generate_organizations_access_report(EntityPath=path)["JobId"]
    first = iam.get_organizations_access_report(JobId=job, MaxItems=2)
    second = iam.get_organizations_access_report(JobId=job, MaxItems=2, Marker=first["Marker"])
    assert [*services(first), *services(second)] == names
    assert not second["IsTruncated"]


def test_refusals(
    cloud: Cloud, iam: Any, organization: Organization, as_user: Any, user: str, refused: Refused
) -> None:
    with refused("AccessDenied", status=403):
        cloud.client("iam", account=MEMBERS[0]).generate_organizations_access_report(EntityPath=organization.path())
    with refused("AccessDenied", f"{MANAGEMENT}:access-report/o-anotherone0/r-abcd", 403):
        iam.generate_organizations_access_report(EntityPath="o-anotherone0/r-abcd")
    with refused("NoSuchEntity", "ou-abcd-12345678", 404):
        iam.generate_organizations_access_report(EntityPath=organization.path("ou-abcd-12345678"))
    with refused("NoSuchEntity", status=404):
        iam.get_organizations_access_report(JobId="0" * 36)
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=document("iam:*"))
    with refused("AccessDeniedException", "organizations:ListPoliciesForTarget", 400):
        as_user(user).generate_organizations_access_report(EntityPath=organization.path())
    elsewhere = document("iam:*", f"arn:aws:iam::{MANAGEMENT}:access-report/{organization.path(organization.unit)}")
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=elsewhere)
    with refused("AccessDenied", "because no identity-based policy allows", 403):
        as_user(user).generate_organizations_access_report(EntityPath=organization.path())
