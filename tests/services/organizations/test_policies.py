from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import MANAGEMENT, MEMBER, OUTSIDER, RCP, SCP, Organization, Refused, document

pytestmark = pytest.mark.feature("organizations.accounts")

DENY = document("dynamodb:*")
TAGS = "TAG_POLICY"


def tag_policy(**keys: Any) -> str:
    return json.dumps({"tags": keys})


def test_a_policy_lives(organization: Organization, refused: Refused) -> None:
    client = organization.client
    made = client.create_policy(Content=DENY, Description="no tables", Name="tables", Type=SCP)["Policy"]
    summary = made["PolicySummary"]
    id = {"PolicyId": summary["Id"]}
    prefix = f"arn:aws:organizations::{MANAGEMENT}:policy/{organization.id}/service_control_policy/"
    assert summary["Arn"] == prefix + summary["Id"]
    assert summary["AwsManaged"] is False
    assert client.describe_policy(**id)["Policy"] == made
    with refused("DuplicatePolicyException"):
        organization.policy(DENY, name="tables")
    assert client.update_policy(Name="none", **id)["Policy"]["PolicySummary"]["Name"] == "none"
    names = [one["Name"] for one in client.list_policies(Filter=SCP)["Policies"]]
    assert sorted(names) == ["FullAWSAccess", "none"]
    client.delete_policy(**id)
    for call in (client.describe_policy, client.delete_policy):
        with refused("PolicyNotFoundException", "You specified a policy that doesn't exist."):
            call(**id)


def test_aws_has_its_own(organization: Organization, refused: Refused) -> None:
    client = organization.client
    seen = client.describe_policy(PolicyId="p-FullAWSAccess")["Policy"]
    assert seen["PolicySummary"]["AwsManaged"] is True
    arn = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
    assert seen["PolicySummary"]["Arn"] == arn
    with refused("InvalidInputException", reason="IMMUTABLE_POLICY"):
        client.update_policy(PolicyId="p-FullAWSAccess", Name="x")
    with refused("InvalidInputException", reason="IMMUTABLE_POLICY"):
        client.delete_policy(PolicyId="p-RCPFullAWSAccess")


@pytest.mark.parametrize(
    ("type", "content"),
    [
        (SCP, "{"),
        (SCP, document("s3:*", Principal="*")),
        (RCP, document("s3:*")),
        (RCP, document("s3:*", "Allow", Principal="*")),
        (RCP, document("iam:CreateUser", Principal="*")),
        (TAGS, DENY),
        (TAGS, tag_policy(a={"tag_key": {"@@put": "A"}})),
        (TAGS, tag_policy(a={"tag_key": "A"})),
        ("BACKUP_POLICY", tag_policy(a={})),
    ],
)
def test_what_a_policy_cannot_say(organization: Organization, refused: Refused, type: str, content: str) -> None:
    with refused("MalformedPolicyDocumentException", "does not meet the requirements of the specified policy type"):
        organization.policy(content, type)


def test_how_long_and_how_many(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    with refused("ConstraintViolationException", "maximum policy size", "POLICY_CONTENT_LIMIT_EXCEEDED"):
        organization.policy(DENY + " " * 5120)
    cloud.quota("organizations", "service-control-policies", 1)
    organization.policy(DENY)
    with refused("ConstraintViolationException", reason="POLICY_NUMBER_LIMIT_EXCEEDED"):
        organization.policy(DENY, name="second")


def test_types_are_enabled_and_disabled(organization: Organization, refused: Refused) -> None:
    client, root = organization.client, organization.root
    enabled = client.enable_policy_type(RootId=root, PolicyType=SCP)["Root"]
    assert enabled["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    assert client.list_roots()["Roots"] == [enabled]
    with refused("PolicyTypeAlreadyEnabledException"):
        organization.enable(SCP)
    (policy,) = client.list_policies_for_target(TargetId=MANAGEMENT, Filter=SCP)["Policies"]
    assert policy["Name"] == "FullAWSAccess"
    with refused("PolicyTypeNotEnabledException"):
        organization.attach(root, tag_policy(), TAGS)
    assert client.disable_policy_type(RootId=root, PolicyType=SCP)["Root"]["PolicyTypes"] == []
    assert client.list_policies_for_target(TargetId=root, Filter=SCP)["Policies"] == []
    with refused("PolicyTypeNotEnabledException"):
        client.disable_policy_type(RootId=root, PolicyType=SCP)
    with refused("RootNotFoundException"):
        client.enable_policy_type(RootId="r-none", PolicyType=SCP)


def test_policies_are_attached_and_detached(organization: Organization, refused: Refused) -> None:
    client, root = organization.client, organization.root
    organization.enable(SCP, RCP)
    unit, account = organization.unit(), organization.invite()
    policy = organization.policy(DENY)
    places = {root: ("Root", "ROOT"), unit: ("unit", "ORGANIZATIONAL_UNIT"), account: (f"account {MEMBER}", "ACCOUNT")}
    for place in places:
        client.attach_policy(PolicyId=policy, TargetId=place)
    targets = client.list_targets_for_policy(PolicyId=policy)["Targets"]
    assert {one["TargetId"]: (one["Name"], one["Type"]) for one in targets} == places
    with refused("DuplicatePolicyAttachmentException"):
        client.attach_policy(PolicyId=policy, TargetId=root)
    with refused("PolicyInUseException"):
        client.delete_policy(PolicyId=policy)
    with refused("TargetNotFoundException", "You specified a target that doesn't exist."):
        client.attach_policy(PolicyId=policy, TargetId=OUTSIDER)
    client.detach_policy(PolicyId=policy, TargetId=root)
    with refused("PolicyNotAttachedException"):
        client.detach_policy(PolicyId=policy, TargetId=root)
    with refused("ConstraintViolationException", "at least one", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"):
        client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=root)
    with refused("InvalidInputException", reason="NON_DETACHABLE_POLICY"):
        client.detach_policy(PolicyId="p-RCPFullAWSAccess", TargetId=root)


def test_five_at_one_place(organization: Organization, refused: Refused) -> None:
    organization.enable(SCP)
    for number in range(4):
        organization.attach(organization.root, DENY, name=f"p{number}")
    with refused("ConstraintViolationException", "maximum number", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"):
        organization.attach(organization.root, DENY, name="fifth")


def effective(client: Any, **target: str) -> Any:
    return json.loads(client.describe_effective_policy(PolicyType=TAGS, **target)["EffectivePolicy"]["PolicyContent"])


def test_management_policies_add_up(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    organization.enable(TAGS)
    unit, account = organization.unit(), organization.invite()
    organization.move(account, organization.root, unit)
    member = cloud.client("organizations", account=account)
    with refused("EffectivePolicyNotFoundException"):
        effective(member)
    values = {"tag_key": {"@@assign": "CostCenter"}, "tag_value": {"@@assign": ["100", "200"]}}
    organization.attach(organization.root, tag_policy(costcenter=values), TAGS, "root")
    organization.attach(
        unit,
        tag_policy(
            costcenter={"tag_value": {"@@append": ["300"], "@@remove": ["100"]}},
            project={"tag_key": {"@@assign": "Project"}},
        ),
        TAGS,
        "unit",
    )
    merged = {
        "costcenter": {"tag_key": "CostCenter", "tag_value": ["200", "300"]},
        "project": {"tag_key": "Project"},
    }
    assert effective(member) == {"tags": merged}
    assert effective(organization.client, TargetId=account) == {"tags": merged}
    organization.attach(account, tag_policy(project={"tag_key": {"@@assign": "PROJECT"}}), TAGS, "account")
    assert effective(member)["tags"]["project"] == {"tag_key": "PROJECT"}
    assert effective(organization.client)["tags"].keys() == {"costcenter"}
    with refused("AccessDeniedException"):
        effective(member, TargetId=MANAGEMENT)
    with refused("InvalidInputException", reason="TARGET_NOT_SUPPORTED"):
        effective(organization.client, TargetId=unit)


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [(["@@all"], ["b"]), (["@@none"], ["a"]), (["@@append"], ["a", "c"]), (["@@assign", "@@append"], ["b", "c"])],
)
def test_parents_say_what_their_children_may_change(
    cloud: Cloud, organization: Organization, allowed: list[str], expected: list[str]
) -> None:
    organization.enable(TAGS)
    unit, account = organization.unit(), organization.invite()
    organization.move(account, organization.root, unit)
    control = {"@@operators_allowed_for_child_policies": allowed}
    for place, setting in (
        (organization.root, {"@@assign": ["a"], **control}),
        (unit, {"@@assign": ["b"], "@@operators_allowed_for_child_policies": ["@@all"]}),
        (account, {"@@append": ["c"]} if "@@all" not in allowed else {"@@remove": ["c"]}),
    ):
        organization.attach(place, tag_policy(t={"tag_value": setting}), TAGS, place)
    assert effective(cloud.client("organizations", account=account)) == {"tags": {"t": {"tag_value": expected}}}


def test_a_control_holds_for_all_that_is_below_it(cloud: Cloud, organization: Organization) -> None:
    organization.enable(TAGS)
    account = organization.invite()
    locked = {"@@operators_allowed_for_child_policies": ["@@none"], "t": {"tag_key": {"@@assign": "T"}}}
    organization.attach(organization.root, json.dumps({"tags": locked}), TAGS, "root")
    organization.attach(account, tag_policy(t={"tag_key": {"@@assign": "t"}}, u={"tag_key": {"@@assign": "U"}}), TAGS)
    assert effective(cloud.client("organizations", account=account)) == {"tags": {"t": {"tag_key": "T"}}}


def _tag_policy(**more: Any) -> str:
    rule = {"tag_key": {"@@assign": "CostCenter"}, "tag_value": {"@@assign": ["100", "2*"]}}
    enforced = {"enforced_for": {"@@assign": ["sqs:queue", "dynamodb:*", "kms:key", "s3:bucket"]}}
    return json.dumps({"tags": {"costcenter": rule | enforced | more}})


def test_tag_policies_are_enforced(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    organization.enable(TAGS)
    member = organization.invite()
    policy = organization.attach(organization.root, _tag_policy(), TAGS)
    for account in (member, MANAGEMENT):
        queues = cloud.client("sqs", account=account)
        words = "The tag policy does not allow the specified value for the following tag key: 'CostCenter'."
        with refused("TagPolicyViolation", words):
            queues.create_queue(QueueName="q", tags={"CostCenter": "300"})
        with refused("TagPolicyViolation", "capitalization"):
            queues.create_queue(QueueName="q", tags={"costcenter": "100"})
        url = queues.create_queue(QueueName="q", tags={"CostCenter": "200", "Other": "x"})["QueueUrl"]
        with refused("TagPolicyViolation", words):
            queues.tag_queue(QueueUrl=url, Tags={"CostCenter": "1"})
        queues.tag_queue(QueueUrl=url, Tags={"CostCenter": "100"})
        queues.create_queue(QueueName="bare")
        queues.untag_queue(QueueUrl=url, TagKeys=["CostCenter"])
    cloud.client("sqs", account=OUTSIDER).create_queue(QueueName="q", tags={"CostCenter": "300"})
    organization.client.detach_policy(PolicyId=policy, TargetId=organization.root)
    queues.tag_queue(QueueUrl=url, Tags={"CostCenter": "300"})


def test_tag_policies_on_types_of_resources(cloud: Cloud, organization: Organization, refused: Refused) -> None:
    organization.enable(TAGS)
    organization.attach(organization.root, _tag_policy(), TAGS)
    wrong = {"Key": "CostCenter", "Value": "300"}
    tables, buckets = cloud.client("dynamodb"), cloud.client("s3")
    with refused("TagPolicyViolation"):
        tables.create_table(
            TableName="tab",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=[wrong],
        )
    with refused("TagPolicyViolation"):
        cloud.client("kms").create_key(Tags=[{"TagKey": "CostCenter", "TagValue": "300"}])
    buckets.create_bucket(Bucket="mine")
    with refused("TagPolicyViolation"):
        buckets.put_bucket_tagging(Bucket="mine", Tagging={"TagSet": [wrong]})
    buckets.put_object(Bucket="mine", Key="k", Body=b"x", Tagging="CostCenter=300")  # an object is no bucket
    cloud.client("iam").create_user(UserName="bob", Tags=[wrong])


def test_a_tag_policy_that_is_not_enforced_refuses_nothing(cloud: Cloud, organization: Organization) -> None:
    organization.enable(TAGS)
    organization.attach(organization.root, _tag_policy(enforced_for={"@@assign": []}), TAGS)
    cloud.client("sqs").create_queue(QueueName="q", tags={"CostCenter": "300"})


def test_organizations_itself_has_a_reason_for_it(organization: Organization, refused: Refused) -> None:
    organization.enable(TAGS)
    organization.attach(organization.root, _tag_policy(enforced_for={"@@assign": ["organizations:account"]}), TAGS)
    wrong = [{"Key": "CostCenter", "Value": "300"}]
    with refused("ConstraintViolationException", "does not allow the specified value", "TAG_POLICY_VIOLATION"):
        organization.client.create_account(Email="a@example.com", AccountName="a", Tags=wrong)
    account = organization.create()
    with refused("ConstraintViolationException", "does not allow the specified value", "TAG_POLICY_VIOLATION"):
        organization.client.tag_resource(ResourceId=account, Tags=wrong)
    organization.client.tag_resource(ResourceId=organization.root, Tags=wrong)
