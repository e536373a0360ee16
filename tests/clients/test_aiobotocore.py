"""aiobotocore, which speaks through aiohttp."""

from __future__ import annotations

import asyncio

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from hostile.process import Process

pytestmark = pytest.mark.socket

POLLS = 50
DATA = bytes(range(256)) * 4 * 4096  # 4 MB


def keys(url: str) -> dict[str, str]:
    return {
        "endpoint_url": url,
        "region_name": "us-east-1",
        "aws_access_key_id": "111122223333",
        "aws_secret_access_key": "any",
    }


@pytest.mark.feature("s3.objects")
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_streams(server: Process, authority: str, secure: bool) -> None:
    url = server.url.replace("http:", "https:") if secure else server.url

    async def run() -> None:
        async with get_session().create_client("s3", verify=authority if secure else None, **keys(url)) as s3:
            await s3.create_bucket(Bucket="aio")
            await asyncio.gather(*(s3.put_object(Bucket="aio", Key=f"{n}", Body=DATA) for n in range(8)))
            got = await s3.get_object(Bucket="aio", Key="0")
            async with got["Body"] as stream:
                assert b"".join([chunk async for chunk in stream.iter_chunks(65536)]) == DATA
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket="aio", PaginationConfig={"PageSize": 3})
            assert [item["Key"] async for page in pages for item in page["Contents"]] == [f"{n}" for n in range(8)]

    asyncio.run(run())


@pytest.mark.feature("sqs.standard")
def test_many_long_polls_at_once(server: Process) -> None:
    async def run() -> None:
        config = AioConfig(max_pool_connections=POLLS + 1)
        async with get_session().create_client("sqs", config=config, **keys(server.url)) as sqs:
            queue = (await sqs.create_queue(QueueName="aio"))["QueueUrl"]
            polls = [asyncio.create_task(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)) for _ in range(POLLS)]
            await asyncio.sleep(0.3)
            for start in range(0, POLLS, 10):
                entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(start, start + 10)]
                await sqs.send_message_batch(QueueUrl=queue, Entries=entries)
            answers = await asyncio.wait_for(asyncio.gather(*polls), 10)
            assert sorted(answer["Messages"][0]["Body"] for answer in answers) == sorted(map(str, range(POLLS)))

    asyncio.run(run())
