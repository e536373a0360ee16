"""An organization's trail: of all its accounts, seen by all of them, changed by those who administer it."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.testing import ACCOUNT, Cloud

from .conftest import BUCKET, OTHER, bucket_policy, names, trail_arn

pytestmark = pytest.mark.feature("cloudtrail.recording")

THIRD = "222222222222"
SERVICE = "cloudtrail.amazonaws.com"
ARN = trail_arn("everybody")


@pytest.fixture
def organization(cloud: Cloud) -> str:
    """With OTHER as a member, and CloudTrail trusted; its id."""
    client = cloud.client("organizations")
    id: str = client.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    asked = client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": OTHER})["Handshake"]["Id"]
    cloud.client("organizations", account=OTHER).accept_handshake(HandshakeId=asked)
    client.enable_aws_service_access(ServicePrincipal=SERVICE)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy(ARN, prefix="AWSLogs"))
    return id


def made(client: Any) -> Any:
    settings = {"IsOrganizationTrail": True, "IsMultiRegionTrail": True, "EnableLogFileValidation": True}
    return client.create_trail(Name="everybody", S3BucketName=BUCKET, **settings)


def test_events_of_all_members(cloud: Cloud, cloudtrail: Any, organization: str, files: Any) -> None:
    assert made(cloudtrail)["IsOrganizationTrail"]
    cloudtrail.start_logging(Name="everybody")
    cloud.client("sqs").create_queue(QueueName="ours")
    cloud.client("sqs", account=OTHER, region_name="eu-west-1").create_queue(QueueName="theirs")
    cloud.client("sqs", account=THIRD).create_queue(QueueName="strangers")
    cloud.clock.advance(hours=1, minutes=5)
    ours = files(f"AWSLogs/{organization}/{ACCOUNT}/CloudTrail/us-east-1/")
    theirs = files(f"AWSLogs/{organization}/{OTHER}/CloudTrail/eu-west-1/")
    assert "CreateQueue" in names(ours) and names(theirs) == ["CreateQueue"]
    assert files(THIRD) == {}
    (digest,) = files(f"AWSLogs/{organization}/{OTHER}/CloudTrail-Digest/eu-west-1/").values()
    assert digest["awsAccountId"] == OTHER and len(digest["logFiles"]) == 1


def test_data_events_of_members_as_they_come_and_go(
    cloud: Cloud, cloudtrail: Any, organization: str, files: Any
) -> None:
    made(cloudtrail)
    resources = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    cloudtrail.put_event_selectors(
        TrailName="everybody", EventSelectors=[{"IncludeManagementEvents": False, "DataResources": resources}]
    )
    cloudtrail.start_logging(Name="everybody")
    client = cloud.client("organizations")
    asked = client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": THIRD})["Handshake"]["Id"]
    cloud.client("organizations", account=THIRD).accept_handshake(HandshakeId=asked)
    cloud.clock.advance(minutes=5)
    for account in (OTHER, THIRD):
        s3 = cloud.client("s3", account=account)
        s3.create_bucket(Bucket=f"of-{account}")
        s3.put_object(Bucket=f"of-{account}", Key="k", Body=b"x")
    cloud.clock.advance(minutes=10)
    for account in (OTHER, THIRD):
        assert names(files(f"{organization}/{account}/CloudTrail/")) == ["PutObject"]


def test_members_see_it_and_do_not_change_it(cloud: Cloud, cloudtrail: Any, organization: str, refused: Any) -> None:
    made(cloudtrail)
    member = cloud.client("cloudtrail", account=OTHER)
    assert [trail["TrailARN"] for trail in member.describe_trails()["trailList"]] == [ARN]
    assert member.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert member.get_trail(Name=ARN)["Trail"]["IsOrganizationTrail"]
    assert member.get_trail_status(Name=ARN)["IsLogging"] is False
    with refused("TrailNotFoundException"):
        member.get_trail(Name="everybody")
    for call in (member.delete_trail, member.stop_logging, member.start_logging):
        with refused("AccessDeniedException"):
            call(Name=ARN)
    with refused("AccessDeniedException"):
        cloud.client("cloudtrail", account=THIRD).get_trail(Name=ARN)


def test_a_delegated_administrator(cloud: Cloud, cloudtrail: Any, organization: str, refused: Any) -> None:
    member = cloud.client("cloudtrail", account=OTHER)
    with refused("NotOrganizationMasterAccountException"):
        made(member)
    for account, code in ((ACCOUNT, "CannotDelegateManagementAccountException"), (THIRD, "AccountNotFoundException")):
        with refused(code):
            cloudtrail.register_organization_delegated_admin(MemberAccountId=account)
    with refused("AccountNotRegisteredException"):
        cloudtrail.deregister_organization_delegated_admin(DelegatedAdminAccountId=OTHER)
    cloudtrail.register_organization_delegated_admin(MemberAccountId=OTHER)
    with refused("AccountRegisteredException"):
        cloudtrail.register_organization_delegated_admin(MemberAccountId=OTHER)
    with refused("NotOrganizationManagementAccountException"):
        member.register_organization_delegated_admin(MemberAccountId=ACCOUNT)
    assert made(member)["TrailARN"] == ARN  # the management account's
    for name in ("everybody", ARN):
        member.start_logging(Name=name)
        assert cloudtrail.get_trail_status(Name="everybody")["IsLogging"]
        member.stop_logging(Name=name)
    cloudtrail.deregister_organization_delegated_admin(DelegatedAdminAccountId=OTHER)
    with refused("AccessDeniedException"):
        member.start_logging(Name=ARN)
    roles = [role["RoleName"] for role in cloud.client("iam", account=OTHER).list_roles()["Roles"]]
    assert "AWSServiceRoleForCloudTrail" in roles


def test_who_has_no_organization_for_it(cloud: Cloud, cloudtrail: Any, bucket: str, refused: Any) -> None:
    with refused("OrganizationsNotInUseException"):
        made(cloudtrail)
    with refused("OrganizationsNotInUseException"):
        cloudtrail.register_organization_delegated_admin(MemberAccountId=OTHER)
    cloud.client("organizations").create_organization(FeatureSet="ALL")
    with refused("CloudTrailAccessNotEnabledException"):
        made(cloudtrail)


def test_a_trail_of_an_account_becomes_the_organizations(
    cloud: Cloud, cloudtrail: Any, organization: str, files: Any
) -> None:
    cloudtrail.create_trail(Name="everybody", S3BucketName=BUCKET)
    cloudtrail.start_logging(Name="everybody")
    cloudtrail.update_trail(Name="everybody", IsOrganizationTrail=True)
    cloud.client("sqs", account=OTHER).create_queue(QueueName="theirs")
    cloud.clock.advance(minutes=5)
    assert "CreateQueue" in names(files(f"AWSLogs/{organization}/{OTHER}/CloudTrail/"))


def test_who_delegates_needs_permission_in_organizations(
    cloudtrail: Any, organization: str, user: Any, client_of: Any, refused: Any
) -> None:
    ann = client_of("cloudtrail", user("ann", "cloudtrail:*"))
    with refused("InsufficientDependencyServiceAccessPermissionException", "organizations:RegisterDelegated"):
        ann.register_organization_delegated_admin(MemberAccountId=OTHER)
