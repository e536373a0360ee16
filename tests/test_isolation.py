"""Accounts and regions do not see each other, but where AWS lets them: by a queue's URL, and in the names of buckets."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.inprocess import make_request
from hodei.testing import Cloud

pytestmark = pytest.mark.feature("cloud.accounts-regions")

ACCOUNTS = ("111111111111", "222222222222")
REGIONS = ("us-east-1", "eu-west-1")
PLACES = list(product(ACCOUNTS, REGIONS))


def refusal(call: Callable[..., Any], **params: Any) -> tuple[str, int]:
    """The code and status of an error."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def bodies(sqs: Any, url: str) -> list[str]:
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return [message["Body"] for message in got.get("Messages", [])]


# queues


def test_queues_of_one_name_are_one_in_each_account_and_region(cloud: Cloud) -> None:
    clients = {place: cloud.client("sqs", account=place[0], region_name=place[1]) for place in PLACES}
    urls = {}
    for (account, region), sqs in clients.items():
        assert refusal(sqs.get_queue_url, QueueName="orders") == ("AWS.SimpleQueueService.NonExistentQueue", 400)
        urls[account, region] = sqs.create_queue(QueueName="orders", tags={"place": f"{account} {region}"})["QueueUrl"]
        sqs.send_message(QueueUrl=urls[account, region], MessageBody=f"{account} {region}")
    for (account, region), sqs in clients.items():
        url = urls[account, region]
        assert sqs.list_queues()["QueueUrls"] == [url]
        assert bodies(sqs, url) == [f"{account} {region}"]
        assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"place": f"{account} {region}"}
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        assert arn == f"arn:aws:sqs:{region}:{account}:orders"
    first, *others = PLACES
    clients[first].delete_queue(QueueUrl=urls[first])
    assert "QueueUrls" not in clients[first].list_queues()
    for place in others:
        assert bodies(clients[place], urls[place]) == [" ".join(place)]


def test_a_queue_of_another_account_is_reached_by_its_url(cloud: Cloud) -> None:
    ours, theirs = (cloud.client("sqs", account=account) for account in ACCOUNTS)
    url = theirs.create_queue(QueueName="orders")["QueueUrl"]
    theirs.add_permission(QueueUrl=url, Label="ours", AWSAccountIds=[ACCOUNTS[0]], Actions=["*"])
    assert ours.get_queue_url(QueueName="orders", QueueOwnerAWSAccountId=ACCOUNTS[1])["QueueUrl"] == url
    ours.send_message(QueueUrl=url, MessageBody="across")
    (message,) = theirs.receive_message(QueueUrl=url, AttributeNames=["SenderId"])["Messages"]
    assert (message["Body"], message["Attributes"]["SenderId"]) == ("across", ACCOUNTS[0])
    assert "QueueUrls" not in ours.list_queues()


def test_a_queue_of_another_region_is_not_reached(cloud: Cloud) -> None:
    """The URL of a local cloud does not say the region: the client's region does."""
    here, there = (cloud.client("sqs", region_name=region) for region in REGIONS)
    url = there.create_queue(QueueName="orders")["QueueUrl"]
    assert refusal(here.send_message, QueueUrl=url, MessageBody="x") == ("AWS.SimpleQueueService.NonExistentQueue", 400)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("sqs.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sqs.ap-southeast-2.localhost.localstack.cloud", "ap-southeast-2"),
        ("localhost", "us-east-1"),
    ],
)
def test_an_unsigned_request_goes_to_the_region_of_its_host(cloud: Cloud, host: str, region: str) -> None:
    sqs = cloud.client("sqs", account="000000000000", region_name=region)
    arn = f"arn:aws:sqs:{region}:000000000000:queue"
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "sqs:GetQueueUrl", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everyone]})
    sqs.create_queue(QueueName="queue", Attributes={"Policy": policy})
    form = "Action=GetQueueUrl&QueueName=queue&Version=2012-11-05"
    headers = [("Host", host), ("Content-Type", "application/x-www-form-urlencoded")]
    response = cloud.send(make_request("POST", f"http://{host}/", headers, form))
    assert (response.status, b"/000000000000/queue" in response.body) == (200, True)


def test_the_signature_says_the_region_before_the_host_does(cloud: Cloud) -> None:
    """An SDK that is given an endpoint signs for the region it is set to."""
    sqs = cloud.client("sqs", account=ACCOUNTS[0], region_name="eu-west-1")
    sqs.create_queue(QueueName="orders")
    elsewhere = cloud.client(
        "sqs", account=ACCOUNTS[0], region_name="eu-west-1", endpoint_url="http://sqs.us-east-1.localhost:4566"
    )
    assert len(elsewhere.list_queues()["QueueUrls"]) == 1


# buckets


def test_a_bucket_is_its_owners_in_every_region(cloud: Cloud) -> None:
    first, second = (cloud.client("s3", account=ACCOUNTS[0], region_name=region) for region in REGIONS)
    other = cloud.client("s3", account=ACCOUNTS[1])
    second.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    second.put_object(Bucket="photos", Key="a", Body=b"x")
    for client in (first, second):
        assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["photos"]
        assert client.get_object(Bucket="photos", Key="a")["Body"].read() == b"x"
    assert first.get_bucket_location(Bucket="photos")["LocationConstraint"] == "eu-west-1"
    assert other.list_buckets()["Buckets"] == []


def test_the_name_of_a_bucket_is_taken_in_the_whole_cloud(cloud: Cloud) -> None:
    ours, theirs = (cloud.client("s3", account=account) for account in ACCOUNTS)
    ours.create_bucket(Bucket="photos")
    assert refusal(theirs.create_bucket, Bucket="photos") == ("BucketAlreadyExists", 409)
    ours.put_object(Bucket="photos", Key="kept", Body=b"x")
    assert ours.create_bucket(Bucket="photos")["ResponseMetadata"]["HTTPStatusCode"] == 200  # us-east-1 alone
    assert ours.get_object(Bucket="photos", Key="kept")["Body"].read() == b"x"
    ours.delete_object(Bucket="photos", Key="kept")
    ours.delete_bucket(Bucket="photos")
    assert theirs.create_bucket(Bucket="photos")["Location"] == "/photos"


def test_elsewhere_ones_own_bucket_cannot_be_made_again(cloud: Cloud) -> None:
    s3 = cloud.client("s3", account=ACCOUNTS[0], region_name="eu-west-1")
    europe = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="photos", CreateBucketConfiguration=europe)
    again = refusal(s3.create_bucket, Bucket="photos", CreateBucketConfiguration=europe)
    assert again == ("BucketAlreadyOwnedByYou", 409)
    other = cloud.client("s3", account=ACCOUNTS[0], region_name="us-east-1")
    assert refusal(other.create_bucket, Bucket="photos") == ("BucketAlreadyOwnedByYou", 409)
    theirs = cloud.client("s3", account=ACCOUNTS[1], region_name="eu-west-1")
    taken = refusal(theirs.create_bucket, Bucket="photos", CreateBucketConfiguration=europe)
    assert taken == ("BucketAlreadyExists", 409)


# whole accounts


def test_to_reset_an_account_leaves_the_others_alone(cloud: Cloud) -> None:
    for account in ACCOUNTS:
        for region in REGIONS:
            cloud.client("sqs", account=account, region_name=region).create_queue(QueueName="orders")
        s3 = cloud.client("s3", account=account)
        s3.create_bucket(Bucket=f"bucket-{account}")
        s3.put_object(Bucket=f"bucket-{account}", Key="a", Body=b"x" * 100_000)
    cloud.reset(ACCOUNTS[0])
    gone, kept = ({region: cloud.client("sqs", account=a, region_name=region) for region in REGIONS} for a in ACCOUNTS)
    for region in REGIONS:
        assert "QueueUrls" not in gone[region].list_queues()
        assert len(kept[region].list_queues()["QueueUrls"]) == 1
    assert cloud.client("s3", account=ACCOUNTS[0]).list_buckets()["Buckets"] == []
    mine = cloud.client("s3", account=ACCOUNTS[1])
    assert mine.get_object(Bucket=f"bucket-{ACCOUNTS[1]}", Key="a")["Body"].read() == b"x" * 100_000
    assert cloud.client("s3", account=ACCOUNTS[0]).create_bucket(Bucket=f"bucket-{ACCOUNTS[0]}")["Location"]


def test_who_one_is_follows_from_the_key(cloud: Cloud) -> None:
    for key, account in (("111111111111", "111111111111"), ("test", "000000000000"), ("11111111111", "000000000000")):
        assert cloud.client("sts", account=key).get_caller_identity()["Account"] == account
