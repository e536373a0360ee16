"""Users and roles in saved policies are those that had the name then.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html: "the ARN transforms to the
user's unique principal ID when you save the policy. This helps mitigate the risk of someone escalating their privileges by
removing and recreating the user."
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import ACCOUNT, Cloud

pytestmark = pytest.mark.feature("iam.evaluation")

OTHER = "222222222222"
ANN = f"arn:aws:iam::{OTHER}:user/ann"


def policy(*actions: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": ANN}, "Action": list(actions), "Resource": "*", **more}
    account = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement, account]}, indent=2)


def hire(cloud: Cloud) -> dict[str, str]:
    """Ann, who may do everything in her account. Her key."""
    iam = cloud.client("iam", account=OTHER)
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def dismiss(cloud: Cloud, key: dict[str, str]) -> None:
    iam = cloud.client("iam", account=OTHER)
    iam.delete_access_key(UserName="ann", AccessKeyId=key["aws_access_key_id"])
    iam.detach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.delete_user(UserName="ann")


Case = tuple[Callable[[], Any], Callable[[], str], Callable[[dict[str, str]], Any]]


def queue(cloud: Cloud) -> Case:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    document = policy("sqs:*").replace('"*"', f'"arn:aws:sqs:us-east-1:{ACCOUNT}:q"')
    return (
        lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document}),
        lambda: str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]),
        lambda key: cloud.client("sqs", **key).send_message(QueueUrl=url, MessageBody="hello"),
    )


def bucket(cloud: Cloud) -> Case:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="photos")
    document = policy("s3:ListBucket").replace('"*"', '"arn:aws:s3:::photos"')
    return (
        lambda: s3.put_bucket_policy(Bucket="photos", Policy=document),
        lambda: str(s3.get_bucket_policy(Bucket="photos")["Policy"]),
        lambda key: cloud.client("s3", **key).list_objects_v2(Bucket="photos"),
    )


def kms_key(cloud: Cloud) -> Case:
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    return (
        lambda: kms.put_key_policy(KeyId=key, Policy=policy("kms:*")),
        lambda: str(kms.get_key_policy(KeyId=key)["Policy"]),
        lambda caller: cloud.client("kms", **caller).encrypt(KeyId=key, Plaintext=b"hello"),
    )


def secret(cloud: Cloud) -> Case:
    manager = cloud.client("secretsmanager")
    arn = manager.create_secret(Name="db", SecretString="hello")["ARN"]
    return (
        lambda: manager.put_resource_policy(SecretId="db", ResourcePolicy=policy("secretsmanager:*")),
        lambda: str(manager.get_resource_policy(SecretId="db")["ResourcePolicy"]),
        lambda key: cloud.client("secretsmanager", **key).describe_secret(SecretId=arn),
    )


def table(cloud: Cloud) -> Case:
    dynamodb = cloud.client("dynamodb")
    arn = dynamodb.create_table(
        TableName="ttt",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]["TableArn"]
    document = policy("dynamodb:*").replace('"*"', f'"{arn}"')
    return (
        lambda: dynamodb.put_resource_policy(ResourceArn=arn, Policy=document),
        lambda: str(dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]),
        lambda key: cloud.client("dynamodb", **key).get_item(TableName=arn, Key={"pk": {"S": "1"}}),
    )


def trust(cloud: Cloud) -> Case:
    iam = cloud.client("iam")
    statement = {"Effect": "Allow", "Principal": {"AWS": ANN}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return (
        lambda: iam.create_role(RoleName="r", AssumeRolePolicyDocument=document),
        lambda: json.dumps(iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]),
        lambda key: cloud.client("sts", **key).assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", RoleSessionName="ann"
        ),
    )


@pytest.mark.parametrize("case", [queue, bucket, kms_key, secret, table, trust])
def test_a_policy_means_who_had_the_name(cloud: Cloud, case: Callable[[Cloud], Case]) -> None:
    save, read, use = case(cloud)
    first = hire(cloud)
    user = cloud.client("iam", account=OTHER).get_user(UserName="ann")["User"]
    save()
    before = read()
    assert ANN in before and user["UserId"] not in before
    use(first)
    dismiss(cloud, first)
    gone = read()
    assert ANN not in gone and gone == before.replace(ANN, user["UserId"])
    second = hire(cloud)
    with pytest.raises(ClientError, match="AccessDenied"):
        use(second)
    assert read() == gone
    if case is not trust:  # a role's is made once
        save()
        use(second)


def test_sessions_of_a_role(cloud: Cloud) -> None:
    iam, sqs = cloud.client("iam"), cloud.client("sqs")
    account = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [account]})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    statement = {"Effect": "Allow", "Principal": {"AWS": [role]}, "Action": "sqs:*", "Resource": "*"}
    statement["Condition"] = {"ArnEquals": {"aws:PrincipalArn": role}}  # stays as it is
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def call() -> None:
        given = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="s1")["Credentials"]
        session = cloud.client(
            "sqs",
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
        session.send_message(QueueUrl=url, MessageBody="hello")

    call()
    iam.delete_role(RoleName="r")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)
    with pytest.raises(ClientError, match="AccessDenied"):
        call()
