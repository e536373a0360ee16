"""AssumeRoot, and what its sessions may do in the member account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import Clients, document

pytestmark = pytest.mark.feature("sts.credentials", "organizations.accounts")

MEMBER, OUTSIDER = "111111111111", "222222222222"
ROOT = f"arn:aws:iam::{MEMBER}:root"
Refused = Callable[..., Any]
Session = Callable[..., Callable[[str], Any]]


def task(name: str) -> dict[str, str]:
    return {"arn": f"arn:aws:iam::aws:policy/root-task/{name}"}


@pytest.fixture
def organization(cloud: Cloud, iam: Any) -> Any:
    """One that manages the roots of its members, of which there is one."""
    client = cloud.client("organizations")
    client.create_organization(FeatureSet="ALL")
    asked = client.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": MEMBER})["Handshake"]
    cloud.client("organizations", account=MEMBER).accept_handshake(HandshakeId=asked["Id"])
    client.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    iam.enable_organizations_root_credentials_management()
    iam.enable_organizations_root_sessions()
    return client


@pytest.fixture
def admin(organization: Any, user: Callable[..., dict[str, str]], client: Clients) -> Any:
    """STS, as called by a user of the management account who may be root."""
    return client("sts", user("admin", "sts:AssumeRoot"))


@pytest.fixture
def session(admin: Any, client: Clients) -> Session:
    def session(name: str, target: str = MEMBER) -> Callable[[str], Any]:
        credentials = admin.assume_root(TargetPrincipal=target, TaskPolicyArn=task(name))["Credentials"]
        return lambda service: client(service, credentials)

    return session


@pytest.mark.parametrize("target", [MEMBER, ROOT])
def test_is_the_root_for_a_quarter_of_an_hour(cloud: Cloud, session: Session, target: str, refused: Refused) -> None:
    sts = session("IAMAuditRootUserCredentials", target)("sts")
    identity = sts.get_caller_identity()
    assert (identity["Arn"], identity["Account"], identity["UserId"]) == (ROOT, MEMBER, MEMBER)
    cloud.clock.advance(seconds=900)
    with refused("ExpiredToken", status=403):
        sts.get_caller_identity()


def test_auditing_reads_and_no_more(cloud: Cloud, session: Session, refused: Refused) -> None:
    key = cloud.client("iam", account=MEMBER).create_access_key()["AccessKey"]["AccessKeyId"]
    iam = session("IAMAuditRootUserCredentials")("iam")
    assert [one["AccessKeyId"] for one in iam.list_access_keys()["AccessKeyMetadata"]] == [key]
    assert iam.get_account_summary()["SummaryMap"]["AccountAccessKeysPresent"] == 1
    assert iam.get_user()["User"]["Arn"] == ROOT
    assert iam.list_mfa_devices()["MFADevices"] == []
    with refused("AccessDenied", "iam:DeleteAccessKey on resource: " + ROOT, 403):
        iam.delete_access_key(AccessKeyId=key)
    with refused("AccessDenied", "with an explicit deny in a session policy", 403):
        iam.list_users()
    session("IAMDeleteRootUserCredentials")("iam").delete_access_key(AccessKeyId=key)
    assert iam.list_access_keys()["AccessKeyMetadata"] == []


def test_the_password_of_the_root_can_be_set_again(session: Session, refused: Refused) -> None:
    creating, deleting = session("IAMCreateRootUserPassword")("iam"), session("IAMDeleteRootUserCredentials")("iam")
    with refused("NoSuchEntity", status=404):
        creating.get_login_profile()
    creating.create_login_profile()
    with refused("EntityAlreadyExists", status=409):
        creating.create_login_profile()
    assert deleting.get_login_profile()["LoginProfile"]["CreateDate"]
    assert session("IAMAuditRootUserCredentials")("iam").get_account_summary()["SummaryMap"]["AccountPasswordPresent"]
    deleting.delete_login_profile()
    with refused("NoSuchEntity", status=404):
        deleting.get_login_profile()


def test_unlocks_a_bucket(cloud: Cloud, session: Session, refused: Refused) -> None:
    buckets = cloud.client("s3", account=MEMBER)
    buckets.create_bucket(Bucket="locked")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::locked"]}
    buckets.put_bucket_policy(Bucket="locked", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    with refused("AccessDenied", status=403):
        session("SQSUnlockQueuePolicy")("s3").delete_bucket_policy(Bucket="locked")
    unlocking = session("S3UnlockBucketPolicy")("s3")
    with refused("AccessDenied", status=403):
        unlocking.list_objects_v2(Bucket="locked")
    unlocking.delete_bucket_policy(Bucket="locked")
    assert buckets.list_objects_v2(Bucket="locked")["KeyCount"] == 0


def test_unlocks_a_queue(cloud: Cloud, session: Session, refused: Refused) -> None:
    queues = cloud.client("sqs", account=MEMBER)
    url = queues.create_queue(QueueName="locked")["QueueUrl"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": f"arn:aws:sqs:us-east-1:{MEMBER}:locked"}
    locked = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": locked})
    with refused("AccessDenied", status=403):
        queues.send_message(QueueUrl=url, MessageBody="m")
    unlocking = session("SQSUnlockQueuePolicy")("sqs")
    with refused("AccessDenied", status=403):
        unlocking.purge_queue(QueueUrl=url)
    unlocking.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    queues.send_message(QueueUrl=url, MessageBody="m")


def test_feature_by_feature(iam: Any, admin: Any, refused: Refused) -> None:
    iam.disable_organizations_root_sessions()
    admin.assume_root(TargetPrincipal=MEMBER, TaskPolicyArn=task("IAMAuditRootUserCredentials"))
    with refused("AccessDenied", f"sts:AssumeRoot on resource: {ROOT}", 403):
        admin.assume_root(TargetPrincipal=MEMBER, TaskPolicyArn=task("S3UnlockBucketPolicy"))
    iam.disable_organizations_root_credentials_management()
    with refused("AccessDenied", status=403):
        admin.assume_root(TargetPrincipal=MEMBER, TaskPolicyArn=task("IAMAuditRootUserCredentials"))


@pytest.mark.parametrize("target", [OUTSIDER, "000000000000"])
def test_only_of_members(admin: Any, target: str, refused: Refused) -> None:
    with refused("AccessDenied", status=403):
        admin.assume_root(TargetPrincipal=target, TaskPolicyArn=task("IAMAuditRootUserCredentials"))


def test_a_member_may_not_be_the_root_of_another(cloud: Cloud, organization: Any, refused: Refused) -> None:
    with refused("AccessDenied", status=403):
        cloud.client("sts", account=MEMBER).assume_root(
            TargetPrincipal=MEMBER, TaskPolicyArn=task("IAMAuditRootUserCredentials")
        )


def test_needs_permission(
    iam: Any, organization: Any, user: Callable[..., dict[str, str]], client: Clients, refused: Refused
) -> None:
    bob = client("sts", user("bob"))
    wish = {"TargetPrincipal": MEMBER, "TaskPolicyArn": task("IAMAuditRootUserCredentials")}
    with refused("AccessDenied", "because no identity-based policy allows the sts:AssumeRoot action", 403):
        bob.assume_root(**wish)
    only = {"StringEquals": {"sts:TaskPolicyArn": task("S3UnlockBucketPolicy")["arn"]}}
    iam.put_user_policy(
        UserName="bob", PolicyName="root", PolicyDocument=document("sts:AssumeRoot", ROOT, Condition=only)
    )
    with refused("AccessDenied", status=403):
        bob.assume_root(**wish)
    bob.assume_root(TargetPrincipal=MEMBER, TaskPolicyArn=task("S3UnlockBucketPolicy"))


def test_the_root_itself_may_not(iam: Any, organization: Any, client: Clients, refused: Refused) -> None:
    root = client("sts", iam.create_access_key()["AccessKey"])
    with refused("AccessDenied", "is not authorized to perform: sts:AssumeRoot", 403):
        root.assume_root(TargetPrincipal=MEMBER, TaskPolicyArn=task("IAMAuditRootUserCredentials"))


@pytest.mark.parametrize(
    ("target", "policy"),
    [
        ("not-an-account", task("IAMAuditRootUserCredentials")),
        (f"arn:aws:iam::{MEMBER}:user/bob", task("IAMAuditRootUserCredentials")),
        (MEMBER, {"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        (MEMBER, task("IAMUnknown")),
    ],
)
def test_bad_parameters(admin: Any, target: str, policy: dict[str, str], refused: Refused) -> None:
    with refused("ValidationError"):
        admin.assume_root(TargetPrincipal=target, TaskPolicyArn=policy)


def test_conditions_tell_such_sessions(cloud: Cloud, organization: Any, session: Session, refused: Refused) -> None:
    """AWS's example of an SCP that leaves only them: aws:AssumedRoot."""
    root = organization.list_roots()["Roots"][0]["Id"]
    organization.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    condition = {"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:root"}, "Null": {"aws:AssumedRoot": "true"}}
    content = document("iam:ListAccessKeys", effect="Deny", Condition=condition)
    made = organization.create_policy(Content=content, Description="", Name="no-roots", Type="SERVICE_CONTROL_POLICY")
    organization.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=root)
    with refused("AccessDenied", "service control policy", 403):
        cloud.client("iam", account=MEMBER).list_access_keys()
    session("IAMAuditRootUserCredentials")("iam").list_access_keys()
