"""What limits a session further than its role."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from hodei.testing import Cloud

from .conftest import OTHER, document

pytestmark = pytest.mark.feature("sts.credentials")


@pytest.fixture
def powerful(role: Any) -> str:
    return str(role("powerful", "sqs:*", "dynamodb:*"))


def test_the_session_may_what_both_allow(client: Any, sts: Any, powerful: str, refused: Any) -> None:
    policy = document(["sqs:ListQueues", "iam:*"])
    answer = sts.assume_role(RoleArn=powerful, RoleSessionName="s1", Policy=policy)
    assert 0 < answer["PackedPolicySize"] < 100
    credentials = answer["Credentials"]
    client("sqs", credentials).list_queues()
    with refused("AccessDenied", "because no session policy allows the sqs:createqueue action", 403):
        client("sqs", credentials).create_queue(QueueName="q")
    with refused("AccessDenied", "because no identity-based policy allows the iam:ListUsers action", 403):
        client("iam", credentials).list_users()


def test_managed_and_inline_ones_add_up(client: Any, iam: Any, sts: Any, powerful: str, refused: Any) -> None:
    own = iam.create_policy(PolicyName="p", PolicyDocument=document("sqs:ListQueues"))["Policy"]["Arn"]
    arns = [{"arn": own}, {"arn": "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"}]
    answer = sts.assume_role(
        RoleArn=powerful, RoleSessionName="s1", PolicyArns=arns, Policy=document("sqs:CreateQueue")
    )
    sqs, dynamodb = (client(service, answer["Credentials"]) for service in ("sqs", "dynamodb"))
    sqs.list_queues()
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    dynamodb.list_tables()
    with refused("AccessDenied", "because no session policy allows", 403):
        sqs.delete_queue(QueueUrl=url)
    with refused("AccessDeniedException", "because no session policy allows"):
        dynamodb.delete_table(TableName="none")


def test_a_resource_that_names_the_session_is_not_bound_by_its_policy(
    client: Any, cloud: Cloud, sts: Any, powerful: str
) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    answer = sts.assume_role(RoleArn=powerful, RoleSessionName="s1", Policy=document("s3:*"))
    grant = {"Principal": {"AWS": answer["AssumedRoleUser"]["Arn"]}}
    policy = document("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:q", **grant)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    client("sqs", answer["Credentials"]).send_message(QueueUrl=url, MessageBody="x")


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{", "This policy contains invalid Json"),
        ("{}", "Syntax errors in policy."),
        (document("sqs:*", Principal="*"), "Policy document should not specify a principal."),
        (document("nothing"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    ],
)
def test_what_is_no_policy(sts: Any, powerful: str, refused: Any, policy: str, message: str) -> None:
    with refused("MalformedPolicyDocument", message):
        sts.assume_role(RoleArn=powerful, RoleSessionName="s1", Policy=policy)
    with refused("MalformedPolicyDocument", message):
        sts.get_federation_token(Name="bob", Policy=policy)


def test_managed_policies_are_those_of_the_roles_account(cloud: Cloud, sts: Any, powerful: str, refused: Any) -> None:
    foreign = cloud.client("iam", account=OTHER).create_policy(PolicyName="p", PolicyDocument=document("sqs:*"))
    for arn in (foreign["Policy"]["Arn"], "arn:aws:iam::000000000000:policy/none"):
        with refused("MalformedPolicyDocument", f"Policy {arn} does not exist or is not attachable."):
            sts.assume_role(RoleArn=powerful, RoleSessionName="s1", PolicyArns=[{"arn": arn}])
    with refused("ValidationError", "10 managed policies"):
        arns = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * 11
        sts.assume_role(RoleArn=powerful, RoleSessionName="s1", PolicyArns=arns)


def test_the_packed_size_is_that_of_awss_example(sts: Any) -> None:
    """`aws sts get-federation-token help`"""
    actions = [
        "ec2:Describe*",
        "elasticloadbalancing:Describe*",
        ["cloudwatch:ListMetrics", "cloudwatch:GetMetricStatistics", "cloudwatch:Describe*"],
        "autoscaling:Describe*",
    ]
    statements = [{"Effect": "Allow", "Action": action, "Resource": "*"} for action in actions]
    answer = sts.get_federation_token(
        Name="Bob",
        Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4),
        PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}],
    )
    assert answer["PackedPolicySize"] == 36


def test_what_does_not_fit(sts: Any, powerful: str, refused: Any) -> None:
    noise = [hashlib.sha256(bytes([number])).hexdigest() for number in range(50)]
    resources = [f"arn:aws:s3:::{name}/*" for name in noise[:20]]
    with refused("PackedPolicyTooLarge", "% of allotted space, please use smaller policy."):
        sts.assume_role(RoleArn=powerful, RoleSessionName="s1", Policy=document("s3:*", resources))
    tags = [{"Key": name[:20], "Value": name} for name in noise]
    with refused("PackedPolicyTooLarge", "Packed size of session tags consumes "):
        sts.get_federation_token(Name="bob", Tags=tags)
