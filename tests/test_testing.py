"""The in-process cloud, and the ways into it."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest

from hodei.protocol.http import Body, Headers, Request
from hodei.testing import Cloud


def test_boto3_needs_no_socket(cloud: Cloud) -> None:
    assert cloud.client("sts", account="123456789012").get_caller_identity()["Account"] == "123456789012"


def test_aiobotocore_needs_no_socket(cloud: Cloud) -> None:
    async def ask() -> str:
        async with cloud.aio_client("sts", account="123456789012") as sts:
            answer = await sts.get_caller_identity()
            return str(answer["Account"])

    assert asyncio.run(ask()) == "123456789012"


def test_httpx_needs_no_socket(cloud: Cloud) -> None:
    with httpx.Client(transport=cloud.transport(), base_url="http://sns.localhost") as client:
        response = client.post("/", data={"Action": "CreateTopic", "Version": "2010-03-31", "Name": "t"})
    assert response.status_code == 501

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=cloud.transport(), base_url="http://sns.localhost") as client:
            return await client.post("/", data={"Action": "CreateTopic", "Version": "2010-03-31", "Name": "t"})

    assert asyncio.run(ask()).status_code == 501


def test_an_operation_that_is_not_there_is_refused_by_name_in_the_services_own_format(cloud: Cloud) -> None:
    sns = cloud.client("sns")
    with pytest.raises(sns.exceptions.ClientError) as caught:
        sns.create_topic(Name="t")
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert answer["Error"]["Code"] == "NotImplemented"
    assert answer["Error"]["Message"] == "sns:CreateTopic is not implemented by Hodei."


@pytest.mark.parametrize("service", ["firehose", "ec2", "route53", "batch", "events", "rds", "docdb", "elbv2", "sesv2"])
def test_every_service_of_botocore_is_routed_by_its_own_protocol(cloud: Cloud, service: str) -> None:
    """One operation without required members each: the refusal shows that routing found it."""
    from botocore import xform_name

    client = cloud.client(service)
    operation = {
        "firehose": "ListDeliveryStreams", "ec2": "DescribeVpcs", "route53": "ListHostedZones",
        "batch": "DescribeJobQueues", "events": "ListEventBuses", "rds": "DescribeDBInstances", "docdb": "DescribeDBClusters",
        "elbv2": "DescribeLoadBalancers", "sesv2": "ListEmailIdentities",
    }[service]  # fmt: skip
    with pytest.raises(client.exceptions.ClientError) as caught:
        getattr(client, xform_name(operation))()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["Error"]["Message"].partition(":")[2].startswith(operation)


def test_a_request_for_no_service_says_what_was_tried(cloud: Cloud) -> None:
    headers = Headers([("Host", "localhost:4566"), ("X-Amz-Target", "Nonsense_2010.DoIt")])
    response = cloud.send(Request("POST", "/", headers, Body(b"{}")))
    assert response.status == 404
    assert "Nonsense_2010.DoIt" in json.loads(bytes(response.body))["message"]  # type: ignore[arg-type]


def test_clouds_are_isolated_and_quick_to_start(cloud: Cloud) -> None:
    started = time.perf_counter()
    with Cloud() as other:
        assert time.perf_counter() - started < 0.5
        other.clock.advance(days=3)
        assert (other.clock.now() - cloud.clock.now()).days >= 2


def test_the_same_seed_gives_the_same_ids() -> None:
    def request_id(seed: int) -> str:
        with Cloud(seed=seed) as made:
            return str(made.client("sts").get_caller_identity()["ResponseMetadata"]["RequestId"])

    assert request_id(7) == request_id(7) != request_id(8)


def test_a_seed_makes_no_id_again_in_data_that_is_there(tmp_path: Path) -> None:
    def message_id() -> str:
        with Cloud(seed=1, directory=tmp_path) as made:
            sqs = made.client("sqs")
            url = sqs.create_queue(QueueName="q")["QueueUrl"]
            return str(sqs.send_message(QueueUrl=url, MessageBody="m")["MessageId"])

    assert message_id() != message_id()


def test_time_stays_where_it_was_turned_in_a_durable_cloud(tmp_path: Path) -> None:
    with Cloud(directory=tmp_path) as cloud:
        cloud.clock.advance(days=30)
        there = cloud.clock.now()
    with Cloud(directory=tmp_path) as cloud:
        assert abs((cloud.clock.now() - there).total_seconds()) < 60
