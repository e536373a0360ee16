"""What a record says of who called, of what was asked and answered, and what it must not say."""

from __future__ import annotations

from typing import Any

import pytest

from hodei.kernel.tables import Place
from hodei.testing import ACCOUNT, REGION, Cloud

from .conftest import OTHER, Records, policy, trust

pytestmark = pytest.mark.feature("cloudtrail.recording")


def test_a_call_of_a_user(lookup: Records, user: Any, client_of: Any) -> None:
    key = user("ann", "sqs:CreateQueue")
    url = client_of("sqs", key).create_queue(QueueName="orders")["QueueUrl"]
    (record,) = lookup("CreateQueue")
    identity = record["userIdentity"]
    assert identity.pop("principalId").startswith("AIDA")
    assert identity == {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/ann",
        "accountId": ACCOUNT,
        "accessKeyId": key["AccessKeyId"],
        "userName": "ann",
    }
    assert record["eventSource"] == "sqs.amazonaws.com"
    assert record["awsRegion"] == REGION
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["userAgent"].startswith("Boto3/")
    assert record["requestParameters"] == {"queueName": "orders"}
    assert record["responseElements"] == {"queueUrl": url}
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
    assert record["resources"] == [{"accountId": ACCOUNT, "type": "AWS::SQS::Queue", "ARN": arn}]
    assert (record["eventVersion"], record["eventType"]) == ("1.11", "AwsApiCall")
    assert (record["readOnly"], record["managementEvent"], record["eventCategory"]) == (False, True, "Management")
    assert record["recipientAccountId"] == ACCOUNT
    assert "sharedEventID" not in record and "errorCode" not in record


def test_a_denied_call(lookup: Records, user: Any, client_of: Any, refused: Any) -> None:
    with refused("AccessDenied", status=403):
        client_of("sqs", user("ann")).create_queue(QueueName="orders")
    (record,) = lookup("CreateQueue")
    assert record["errorCode"] == "AccessDenied"
    assert record["errorMessage"].startswith(f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform")
    assert record["requestParameters"] == {"queueName": "orders"}
    assert record["responseElements"] is None


def test_a_call_of_the_root(lookup: Records, cloud: Cloud) -> None:
    cloud.client("kms").list_keys()
    (record,) = lookup("ListKeys")
    root = f"arn:aws:iam::{ACCOUNT}:root"
    identity = {"type": "Root", "principalId": ACCOUNT, "arn": root, "accountId": ACCOUNT, "accessKeyId": ACCOUNT}
    assert record["userIdentity"] == identity
    assert (record["readOnly"], record["requestParameters"], record["responseElements"]) == (True, None, None)


def test_an_assumed_role_tells_of_its_session(cloud: Cloud, lookup: Records, user: Any, client_of: Any) -> None:
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))["Role"]
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=policy("sqs:ListQueues"))
    sts = client_of("sts", user("ann", "sts:AssumeRole", "sts:SetSourceIdentity"))
    credentials = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="night")["Credentials"]
    client_of("sqs", credentials).list_queues()
    (record,) = lookup("ListQueues")
    identity = record["userIdentity"]
    context = identity.pop("sessionContext")
    assert identity == {
        "type": "AssumedRole",
        "principalId": f"{role['RoleId']}:night",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/night",
        "accountId": ACCOUNT,
        "accessKeyId": credentials["AccessKeyId"],
    }
    assert context["sessionIssuer"] == {
        "type": "Role",
        "principalId": role["RoleId"],
        "arn": role["Arn"],
        "accountId": ACCOUNT,
        "userName": "worker",
    }
    (assumed,) = lookup("AssumeRole")
    assert context["attributes"] == {"creationDate": assumed["eventTime"], "mfaAuthenticated": "false"}
    answer = assumed["responseElements"]
    assert answer["credentials"]["accessKeyId"] == credentials["AccessKeyId"]
    assert answer["assumedRoleUser"]["assumedRoleId"] == f"{role['RoleId']}:night"
    assert credentials["SecretAccessKey"] not in str(assumed) and credentials["SessionToken"] not in str(assumed)


def test_who_assumes_a_role_of_another_account_is_recorded_in_both(
    cloud: Cloud, lookup: Records, user: Any, client_of: Any
) -> None:
    theirs = cloud.client("iam", account=OTHER)
    role = theirs.create_role(RoleName="guest", AssumeRolePolicyDocument=trust({"AWS": ACCOUNT}))["Role"]
    key = user("ann", "sts:AssumeRole")
    client_of("sts", key).assume_role(RoleArn=role["Arn"], RoleSessionName="visit")
    (own,), (seen) = lookup("AssumeRole"), lookup("AssumeRole", OTHER)
    (seen,) = seen
    assert own["userIdentity"]["type"] == "IAMUser"
    assert seen["userIdentity"] == {
        "type": "AWSAccount",
        "principalId": own["userIdentity"]["principalId"],
        "accountId": ACCOUNT,
    }
    assert own["resources"] == [{"accountId": OTHER, "type": "AWS::IAM::Role", "ARN": role["Arn"]}]
    assert (own["recipientAccountId"], seen["recipientAccountId"]) == (ACCOUNT, OTHER)
    assert own["sharedEventID"] == seen["sharedEventID"]
    assert own["eventID"] != seen["eventID"]
    assert own["requestID"] == seen["requestID"]


def test_a_federated_user_and_a_session_of_a_user(cloud: Cloud, lookup: Records, user: Any, client_of: Any) -> None:
    sts = client_of("sts", user("ann", "sts:GetFederationToken", "sqs:*"))
    allowed = policy("sqs:ListQueues")
    client_of("sqs", sts.get_federation_token(Name="bob", Policy=allowed)["Credentials"]).list_queues()
    client_of("sqs", sts.get_session_token()["Credentials"]).list_queues()
    bob, ann = (record["userIdentity"] for record in lookup("ListQueues"))
    assert (bob["type"], bob["principalId"]) == ("FederatedUser", f"{ACCOUNT}:bob")
    issuer = bob["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["userName"], issuer["principalId"]) == ("IAMUser", "ann", ann["principalId"])
    assert (ann["type"], ann["userName"]) == ("IAMUser", "ann")
    assert ann["sessionContext"].keys() == {"attributes"}


def test_s3_has_its_own_words(cloud: Cloud, lookup: Records) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="photos")
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket="photos", LifecycleConfiguration={"Rules": [rule]})
    (record,) = lookup("PutBucketLifecycle")
    asked = record["requestParameters"]
    assert (asked["bucketName"], asked["lifecycle"], asked["Host"]) == ("photos", "", "localhost:4566")
    assert asked["LifecycleConfiguration"]["Rule"][0]["Expiration"] == {"Days": 3}
    assert record["additionalEventData"] == {"SignatureVersion": "SigV4", "AuthenticationMethod": "AuthHeader"}
    arn = "arn:aws:s3:::photos"
    assert record["resources"] == [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": arn}]


def test_times_and_names_as_the_services_write_them(cloud: Cloud, lookup: Records) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]
    (record,) = lookup("CreateKey")
    shown = record["responseElements"]["keyMetadata"]
    assert shown["aWSAccountId"] == ACCOUNT
    at = key["CreationDate"]
    hour = f"{at.hour % 12 or 12}:{at:%M:%S %p}"
    assert shown["creationDate"] == f"{at:%b} {at.day}, {at.year}, {hour}"
    assert record["resources"] == [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key["Arn"]}]


def test_nothing_secret_is_in_a_record(cloud: Cloud, cloudtrail: Any, user: Any, client_of: Any) -> None:
    secret = "correct horse battery staple 1A!"
    iam = cloud.client("iam")
    key = user("ann")
    iam.create_login_profile(UserName="ann", Password=secret)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    cloud.client("secretsmanager").create_secret(Name="db", SecretString=secret)
    cloud.client("ssm").put_parameter(Name="/db", Value=secret, Type="SecureString")
    session = client_of("sts", key).get_session_token()["Credentials"]
    found = str(cloudtrail.lookup_events()["Events"])
    for name in ("CreateLoginProfile", "CreateVirtualMFADevice", "CreateSecret", "PutParameter", "GetSessionToken"):
        assert name in found
    seed = device["Base32StringSeed"].decode()
    for hidden in (secret, key["SecretAccessKey"], session["SecretAccessKey"], session["SessionToken"], seed):
        assert hidden not in found


def test_errors_by_their_names(cloud: Cloud, lookup: Records, refused: Any) -> None:
    with refused("NoSuchEntity", status=404):
        cloud.client("iam").get_user(UserName="nobody")
    with refused("NotFoundException"):
        cloud.client("kms").describe_key(KeyId="alias/none")
    with refused("NoSuchBucket", status=404):
        cloud.client("s3").get_bucket_policy(Bucket="not-there")
    found = [lookup(name)[0]["errorCode"] for name in ("GetUser", "DescribeKey", "GetBucketPolicy")]
    assert found == ["NoSuchEntityException", "NotFoundException", "NoSuchBucket"]


def test_what_is_awss_own_has_no_account(cloud: Cloud, lookup: Records) -> None:
    iam = cloud.client("iam")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.get_policy(PolicyArn=arn)
    (record,) = lookup("GetPolicy")
    assert record["resources"] == [{"type": "AWS::IAM::Policy", "ARN": arn}]
    assert "sharedEventID" not in record


def test_buckets_keys_and_queues_of_others(cloud: Cloud, lookup: Records, refused: Any) -> None:
    """Both accounts have the event; the owner of what it is about learns only the id of who has called."""
    theirs = {name: cloud.client(name, account=OTHER) for name in ("s3", "kms", "sqs")}
    theirs["s3"].create_bucket(Bucket="theirs")
    key = theirs["kms"].create_key()["KeyMetadata"]["Arn"]
    url = theirs["sqs"].create_queue(QueueName="theirs")["QueueUrl"]
    with refused("AccessDenied", status=403):
        cloud.client("s3").get_bucket_policy(Bucket="theirs")
    with refused("AccessDeniedException"):
        cloud.client("kms").describe_key(KeyId=key)
    with refused("AccessDenied", status=403):
        cloud.client("sqs").get_queue_attributes(QueueUrl=url)
    for name in ("GetBucketPolicy", "DescribeKey", "GetQueueAttributes"):
        (own,), (seen,) = lookup(name), lookup(name, OTHER)
        assert own["userIdentity"]["type"] == "Root"
        assert seen["userIdentity"] == {"type": "AWSAccount", "principalId": ACCOUNT, "accountId": ACCOUNT}
        assert own["errorCode"] == seen["errorCode"] == "AccessDenied"
        assert own["sharedEventID"] == seen["sharedEventID"]
        assert own["resources"][0]["accountId"] == OTHER


def test_what_is_too_large_is_left_out(cloud: Cloud, lookup: Records, refused: Any) -> None:
    for count, code, status in ((7000, "LimitExceeded", 409), (300_000, "ValidationError", 400)):
        with refused(code, status=status):
            cloud.client("iam").create_policy(PolicyName="long", PolicyDocument=policy(*["sqs:ListQueues"] * count))
        asked = lookup("CreatePolicy")[-1]["requestParameters"]
        assert asked.pop("originalSize") > count * 14
        assert asked == {"omitted": True, "reason": "requestParameters too large"}
    world = cloud.world
    kept = world.ledger.audit.management.scan(Place(world.store, ACCOUNT, REGION))
    assert cloud._runner.call(lambda: sum(len(chunk.events) for chunk in kept)) < 300_000


def test_a_call_over_tls(cloud: Cloud, lookup: Records) -> None:
    cloud.client("sqs").list_queues()
    cloud.client("sqs", endpoint_url="https://sqs.us-east-1.amazonaws.com").list_queues()
    plain, secure = lookup("ListQueues")
    assert "tlsDetails" not in plain
    assert secure["tlsDetails"] == {"clientProvidedHostHeader": "sqs.us-east-1.amazonaws.com"}
