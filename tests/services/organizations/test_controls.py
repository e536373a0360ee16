"""Service and resource control policies, as they bind what accounts do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import MANAGEMENT, OUTSIDER, RCP, SCP, Organization, Refused, document

pytestmark = pytest.mark.feature("organizations.accounts", "iam.evaluation")

User = Callable[..., Callable[[str], Any]]
DENIED = "AccessDeniedException"


@pytest.fixture
def member(organization: Organization) -> str:
    organization.enable(SCP, RCP)
    return organization.invite()


def test_binds_users_and_the_root_of_a_member(
    cloud: Cloud, organization: Organization, member: str, user: User, refused: Refused
) -> None:
    ann = user(member)
    policy = organization.attach(organization.root, document("dynamodb:ListTables"))
    for tables in (ann("dynamodb"), cloud.client("dynamodb", account=member)):
        with refused(DENIED, "with an explicit deny in a service control policy: arn:aws:organizations::000000000000:"):
            tables.list_tables()
    assert cloud.client("dynamodb", account=MANAGEMENT).list_tables()["TableNames"] == []
    assert cloud.client("dynamodb", account=OUTSIDER).list_tables()["TableNames"] == []
    organization.client.detach_policy(PolicyId=policy, TargetId=organization.root)
    assert ann("dynamodb").list_tables()["TableNames"] == []


def test_binds_services_that_have_no_policies_of_resources(
    cloud: Cloud, organization: Organization, member: str, refused: Refused
) -> None:
    organization.attach(member, document("iam:CreateUser"))
    with refused("AccessDenied", "service control policy"):
        cloud.client("iam", account=member).create_user(UserName="bob")
    cloud.client("iam", account=member).create_group(GroupName="all")


def test_allows_nothing_by_itself(organization: Organization, member: str, user: User, refused: Refused) -> None:
    ann = user(member, document("sqs:*", "Allow"))
    organization.attach(member, document("*", "Allow"))
    with refused(DENIED, "because no identity-based policy allows"):
        ann("dynamodb").list_tables()


def test_every_level_has_to_allow(cloud: Cloud, organization: Organization, member: str, refused: Refused) -> None:
    unit = organization.unit()
    organization.move(member, organization.root, unit)
    organization.attach(unit, document(["sqs:*", "dynamodb:ListTables"], "Allow"))
    organization.client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    tables, queues = cloud.client("dynamodb", account=member), cloud.client("sqs", account=member)
    assert tables.list_tables()["TableNames"] == []
    assert queues.list_queues().get("QueueUrls") is None
    with refused(DENIED, "because no service control policy allows the dynamodb:DescribeLimits action"):
        tables.describe_limits()
    organization.attach(member, document("sqs:*", "Allow"), name="queues")
    organization.client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=member)
    with refused(DENIED, "because no service control policy allows the dynamodb:ListTables action"):
        tables.list_tables()
    queues.list_queues()


def test_moving_an_account_changes_it_at_once(
    cloud: Cloud, organization: Organization, member: str, refused: Refused
) -> None:
    strict, inner = organization.unit("strict"), organization.unit("lax")
    nested = organization.unit("nested", strict)
    organization.attach(strict, document("dynamodb:*"))
    tables = cloud.client("dynamodb", account=member)
    organization.move(member, organization.root, nested)
    with refused(DENIED):
        tables.list_tables()
    organization.move(member, nested, inner)
    tables.list_tables()


def test_updating_disabling_and_leaving_change_it_at_once(
    cloud: Cloud, organization: Organization, member: str, refused: Refused
) -> None:
    policy = organization.attach(member, document("dynamodb:*"))
    tables, client = cloud.client("dynamodb", account=member), organization.client
    with refused(DENIED):
        tables.list_tables()
    client.update_policy(PolicyId=policy, Content=document("sqs:*"))
    tables.list_tables()
    client.update_policy(PolicyId=policy, Content=document("dynamodb:*"))
    client.disable_policy_type(RootId=organization.root, PolicyType=SCP)
    tables.list_tables()
    client.enable_policy_type(RootId=organization.root, PolicyType=SCP)
    tables.list_tables()
    client.attach_policy(PolicyId=policy, TargetId=member)
    with refused(DENIED):
        tables.list_tables()
    client.remove_account_from_organization(AccountId=member)
    tables.list_tables()


def test_conditions_are_asked(cloud: Cloud, organization: Organization, member: str, refused: Refused) -> None:
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    organization.attach(organization.root, document("dynamodb:*", Condition=elsewhere))
    cloud.client("dynamodb", account=member, region_name="eu-west-1").list_tables()
    with refused(DENIED):
        cloud.client("dynamodb", account=member).list_tables()


def test_leaves_service_linked_roles_alone(cloud: Cloud, organization: Organization, member: str) -> None:
    from hodei.kernel.iam import AccessRequest, Named, Policies, Principal, evaluate, parse

    deny = [[Named(parse(document("*"), "scp"), "deny")]]
    allow = [Named(parse(document("*", "Allow"), "identity"), "allow")]
    linked = Principal("role-session", "arn:aws:sts::111111111111:assumed-role/x/y", member, service_linked=True)
    assert evaluate(AccessRequest("sqs:SendMessage", "*", {}, linked), Policies(identity=allow, scp=deny)).allowed


def test_resources_are_bound_whoever_asks(
    cloud: Cloud, organization: Organization, member: str, user: User, refused: Refused
) -> None:
    buckets = cloud.client("s3", account=member)
    buckets.create_bucket(Bucket="photos")
    buckets.put_object(Bucket="photos", Key="k", Body=b"x")
    open_to_all = document("s3:GetObject", "Allow", Principal="*", Resource="arn:aws:s3:::photos/*")
    buckets.delete_public_access_block(Bucket="photos")
    buckets.put_bucket_policy(Bucket="photos", Policy=open_to_all)
    outsider = cloud.client("s3", account=OUTSIDER)
    assert outsider.get_object(Bucket="photos", Key="k")["Body"].read() == b"x"
    foreign = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": organization.id}}
    organization.attach(organization.root, document("s3:*", Principal="*", Condition=foreign), RCP)
    with refused("AccessDenied"):
        outsider.get_object(Bucket="photos", Key="k")
    assert cloud.client("s3").get_object(Bucket="photos", Key="k")["Body"].read() == b"x"
    assert buckets.get_object(Bucket="photos", Key="k")["Body"].read() == b"x"


def test_resources_of_members_are_bound_not_those_of_the_management_account(
    cloud: Cloud, organization: Organization, member: str, refused: Refused
) -> None:
    organization.attach(organization.root, document(["sqs:SendMessage", "dynamodb:PutItem"], Principal="*"), RCP)
    for account in (MANAGEMENT, member):
        queues, tables = cloud.client("sqs", account=account), cloud.client("dynamodb", account=account)
        url = queues.create_queue(QueueName="q")["QueueUrl"]
        tables.create_table(
            TableName="tab",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        put = {"TableName": "tab", "Item": {"pk": {"S": "a"}}}
        if account == MANAGEMENT:
            queues.send_message(QueueUrl=url, MessageBody="m")
            tables.put_item(**put)
        else:
            with refused("AccessDenied", "resource control policy"):
                queues.send_message(QueueUrl=url, MessageBody="m")
            with refused(DENIED, "with an explicit deny in a resource control policy"):
                tables.put_item(**put)


def test_services_that_take_no_part_are_not_bound(cloud: Cloud, organization: Organization, member: str) -> None:
    organization.attach(organization.root, document("*", Principal="*"), RCP)
    cloud.client("iam", account=member).create_user(UserName="bob")


@pytest.mark.parametrize(
    ("condition", "lets_in"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "{id}"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-another000"}}, False),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["{id}/*/{unit}/*"]}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["{id}/{root}/"]}}, False),
        ({"StringEquals": {"aws:ResourceOrgID": "${{aws:PrincipalOrgID}}"}}, True),
    ],
)
def test_a_bucket_for_the_organization(
    cloud: Cloud,
    organization: Organization,
    member: str,
    user: User,
    refused: Refused,
    condition: dict[str, Any],
    lets_in: bool,
) -> None:
    unit = organization.unit()
    organization.move(member, organization.root, unit)
    buckets = cloud.client("s3")
    buckets.create_bucket(Bucket="shared")
    buckets.delete_public_access_block(Bucket="shared")
    buckets.put_object(Bucket="shared", Key="k", Body=b"x")
    wanted = _filled(condition, id=organization.id, unit=unit, root=organization.root)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::shared/*",
        "Condition": wanted,
    }
    buckets.put_bucket_policy(Bucket="shared", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    for caller, fits in ((user(member), lets_in), (user(OUTSIDER), False)):
        if fits:
            assert caller("s3").get_object(Bucket="shared", Key="k")["Body"].read() == b"x"
        else:
            with refused("AccessDenied"):
                caller("s3").get_object(Bucket="shared", Key="k")


def _filled(condition: Any, **values: str) -> Any:
    if isinstance(condition, dict):
        return {key: _filled(value, **values) for key, value in condition.items()}
    if isinstance(condition, list):
        return [_filled(value, **values) for value in condition]
    return condition.format(**values)


def test_a_reset_of_the_management_account_lets_all_go(
    cloud: Cloud, organization: Organization, member: str, refused: Refused
) -> None:
    organization.attach(organization.root, document("dynamodb:*"))
    tables = cloud.client("dynamodb", account=member)
    with refused(DENIED):
        tables.list_tables()
    cloud.reset(MANAGEMENT)
    tables.list_tables()
    with refused("AWSOrganizationsNotInUseException"):
        cloud.client("organizations", account=member).describe_organization()


def test_binds_objects_batches_and_transactions(
    cloud: Cloud, organization: Organization, member: str, refused: Refused
) -> None:
    tables, buckets = cloud.client("dynamodb", account=member), cloud.client("s3", account=member)
    tables.create_table(
        TableName="tab",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    buckets.create_bucket(Bucket="mine")
    organization.attach(member, document(["s3:PutObject", "dynamodb:PutItem", "dynamodb:BatchWriteItem"]))
    item = {"pk": {"S": "a"}}
    with refused("AccessDenied", "with an explicit deny in a service control policy"):
        buckets.put_object(Bucket="mine", Key="k", Body=b"x")
    with refused(DENIED):
        tables.batch_write_item(RequestItems={"tab": [{"PutRequest": {"Item": item}}]})
    with refused(DENIED):
        tables.transact_write_items(TransactItems=[{"Put": {"TableName": "tab", "Item": item}}])
    assert buckets.list_objects_v2(Bucket="mine")["KeyCount"] == 0
    assert tables.scan(TableName="tab")["Count"] == 0


def test_roles_are_resources_too(
    cloud: Cloud, organization: Organization, member: str, user: User, refused: Refused
) -> None:
    trust = document("sts:AssumeRole", "Allow", Principal={"AWS": "*"}).replace(', "Resource": "*"', "")
    cloud.client("iam", account=member).create_role(RoleName="open", AssumeRolePolicyDocument=trust)
    role = {"RoleArn": f"arn:aws:iam::{member}:role/open", "RoleSessionName": "session"}
    outsider, colleague = user(OUTSIDER), user(MANAGEMENT)
    outsider("sts").assume_role(**role)
    foreign = {"StringNotEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}
    organization.attach(organization.root, document("sts:AssumeRole", Principal="*", Condition=foreign), RCP)
    with refused("AccessDenied", "with an explicit deny in a resource control policy"):
        outsider("sts").assume_role(**role)
    colleague("sts").assume_role(**role)


def test_keys_that_aws_manages_are_not_bound(
    cloud: Cloud, organization: Organization, member: str, refused: Refused
) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html"""
    parameters, keys = cloud.client("ssm", account=member), cloud.client("kms", account=member)
    key = keys.create_key()["KeyMetadata"]["KeyId"]
    organization.attach(organization.root, document("kms:*", Principal="*"), RCP)
    parameters.put_parameter(Name="managed", Value="x", Type="SecureString")
    with refused(DENIED, "with an explicit deny in a resource control policy"):
        keys.encrypt(KeyId=key, Plaintext=b"x")
    with refused(DENIED):
        parameters.put_parameter(Name="own", Value="x", Type="SecureString", KeyId=key)


def test_of_a_closed_account_nobody_uses_anything(
    cloud: Cloud, organization: Organization, member: str, user: User, refused: Refused
) -> None:
    buckets, ann, colleague = cloud.client("s3", account=member), user(member), user(MANAGEMENT)
    buckets.create_bucket(Bucket="photos")
    buckets.delete_public_access_block(Bucket="photos")
    everyone = document("s3:*", "Allow", Principal="*", Resource=["arn:aws:s3:::photos", "arn:aws:s3:::photos/*"])
    buckets.put_bucket_policy(Bucket="photos", Policy=everyone)
    trust = document("sts:AssumeRole", "Allow", Principal={"AWS": MANAGEMENT}).replace(', "Resource": "*"', "")
    cloud.client("iam", account=member).create_role(RoleName="admin", AssumeRolePolicyDocument=trust)
    role = {"RoleArn": f"arn:aws:iam::{member}:role/admin", "RoleSessionName": "session"}
    colleague("sts").assume_role(**role)
    colleague("s3").put_object(Bucket="photos", Key="k", Body=b"x")
    organization.client.close_account(AccountId=member)
    denied = f"is not authorized to perform: sts:AssumeRole on resource: {role['RoleArn']}"
    with refused("AccessDenied", denied):
        colleague("sts").assume_role(**role)
    for client in (colleague("s3"), buckets):
        with refused("AccessDenied"):
            client.get_object(Bucket="photos", Key="k")
    for queues in (ann("sqs"), cloud.client("sqs", account=member)):
        with refused("AccessDenied"):
            queues.list_queues()
    colleague("sqs").list_queues()
