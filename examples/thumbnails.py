"""Pictures that are uploaded get thumbnails, an entry each in a table, and a total a minute, of which an alarm tells:

    S3 -> Lambda with Pillow from a layer -> DynamoDB -> its stream -> Lambda -> Kinesis -> Lambda, in tumbling windows
    -> CloudWatch -> alarm -> Lambda -> SQS

    python examples/thumbnails.py             # the pictures that are in the Python library and in its packages
    python examples/thumbnails.py FOLDER      # those in a folder

It starts a Hodei of its own, with boto3, the aws CLI and `hodei` as the only clients, and checks everything it sees.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import shutil
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from functions import PYTHON, allow, arn_of, feed, function, until, zipped
from PIL import Image, UnidentifiedImageError
from server import Hodei

BUCKET, TABLE, STREAM, NAMESPACE = "photos", "pictures", "uploads", "Photos"
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")
SIDE = 64  # pixels of a thumbnail at most
BROKEN = "uploads/broken.jpg"

THUMBNAIL = f"""
import io
from urllib.parse import unquote_plus

import boto3
from PIL import Image

s3, table = boto3.client("s3"), boto3.resource("dynamodb").Table("{TABLE}")

def handler(event, context):
    for record in event["Records"]:
        bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        picture = Image.open(io.BytesIO(body))
        item = {{"key": key, "format": picture.format, "bytes": len(body)}}
        item |= {{"width": picture.width, "height": picture.height}}
        small = picture.convert("RGB")
        small.thumbnail(({SIDE}, {SIDE}))
        packed = io.BytesIO()
        small.save(packed, "JPEG")
        s3.put_object(Bucket=bucket, Key=f"thumbnails/{{key}}", Body=packed.getvalue(), ContentType="image/jpeg")
        table.put_item(Item=item)
"""

PUBLISH = f"""
import json
import boto3

kinesis = boto3.client("kinesis")

def handler(event, context):
    records = []
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        data = {{"key": image["key"]["S"], "format": image["format"]["S"], "bytes": int(image["bytes"]["N"])}}
        records.append({{"Data": json.dumps(data).encode(), "PartitionKey": data["format"]}})
    answer = kinesis.put_records(StreamName="{STREAM}", Records=records)
    assert answer["FailedRecordCount"] == 0, answer
"""

TOTALS = f"""
import base64, json
from datetime import datetime

import boto3

cloudwatch = boto3.client("cloudwatch")

def handler(event, context):
    state = event["state"] or {{}}
    for record in event["Records"]:
        data = json.loads(base64.b64decode(record["kinesis"]["data"]))
        state[data["format"]] = state.get(data["format"], 0) + data["bytes"]
    if not event["isFinalInvokeForWindow"]:
        return {{"state": state}}
    at = datetime.fromisoformat(event["window"]["start"].replace("Z", "+00:00"))
    found = [
        {{"MetricName": "Bytes", "Dimensions": [{{"Name": "Format", "Value": kind}}], "Timestamp": at, "Value": total}}
        for kind, total in state.items()
    ]
    if found:
        total = {{"MetricName": "Bytes", "Timestamp": at, "Value": sum(state.values())}}
        cloudwatch.put_metric_data(Namespace="{NAMESPACE}", MetricData=[*found, total])
"""

TELL = """
import json, os
import boto3

def handler(event, context):
    told = {"alarm": event["alarmData"]["alarmName"], "state": event["alarmData"]["state"]["value"]}
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(told))
"""


# what is there


def set_up(hodei: Hodei) -> tuple[str, str]:
    """Everything but the alarm. The URLs of the queues for what failed and for what the alarm tells."""
    sqs, dynamodb = hodei.client("sqs"), hodei.client("dynamodb")
    failed, told = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("failed", "told"))
    dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    hodei.client("kinesis").create_stream(StreamName=STREAM, ShardCount=1)
    make_thumbnails(hodei)
    publish_entries(hodei)
    add_up(hodei)
    function(hodei, "tell", TELL, allow(["sqs:SendMessage"], arn_of("sqs", "told")), Environment=variables(QUEUE=told))
    hodei.client("lambda").add_permission(
        FunctionName="tell",
        StatementId="alarms",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
    )
    return failed, told


def make_thumbnails(hodei: Hodei) -> None:
    """Uploads go to a function, which has Pillow from a layer; what it fails of goes to a queue."""
    fn, s3 = hodei.client("lambda"), hodei.client("s3")
    layer = fn.publish_layer_version(
        LayerName="pillow", Content={"ZipFile": zipped(pillow())}, CompatibleRuntimes=[PYTHON]
    )["LayerVersionArn"]
    s3.create_bucket(Bucket=BUCKET)
    arn = function(
        hodei,
        "thumbnail",
        THUMBNAIL,
        allow(["s3:GetObject"], f"arn:aws:s3:::{BUCKET}/uploads/*"),
        allow(["s3:PutObject"], f"arn:aws:s3:::{BUCKET}/thumbnails/*"),
        allow(["dynamodb:PutItem"], arn_of("dynamodb", f"table/{TABLE}")),
        allow(["sqs:SendMessage"], arn_of("sqs", "failed")),
        Layers=[layer],
        DeadLetterConfig={"TargetArn": arn_of("sqs", "failed")},
    )
    fn.add_permission(
        FunctionName="thumbnail",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{BUCKET}",
    )
    uploads = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "uploads/"}]}}
    rule = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": uploads}
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )


def pillow() -> dict[str, str | Path]:
    """What a layer needs of it, from where it is installed."""
    found = importlib.util.find_spec("PIL")
    assert found and found.origin
    packages = Path(found.origin).parent.parent
    folders = [packages / name for name in ("PIL", "pillow.libs") if (packages / name).is_dir()]
    return {f"python/{folder.name}": folder for folder in folders}


def publish_entries(hodei: Hodei) -> None:
    """New entries of the table go to Kinesis."""
    dynamodb = hodei.client("dynamodb")
    source = dynamodb.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    reading = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"]
    writing = allow(["kinesis:PutRecords"], arn_of("kinesis", f"stream/{STREAM}"))
    function(hodei, "publish", PUBLISH, allow(reading, source), writing)
    only_new = {"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT"]})}]}
    feed(hodei, "publish", source, StartingPosition="TRIM_HORIZON", BatchSize=25, FilterCriteria=only_new)


def add_up(hodei: Hodei) -> None:
    """What comes by Kinesis is added up by the minute."""
    stream = arn_of("kinesis", f"stream/{STREAM}")
    names = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards", "ListStreams")
    reading = [f"kinesis:{name}" for name in names]
    function(hodei, "totals", TOTALS, allow(reading, stream), allow(["cloudwatch:PutMetricData"], "*"))
    feed(hodei, "totals", stream, StartingPosition="TRIM_HORIZON", TumblingWindowInSeconds=60)


def set_alarm(hodei: Hodei, most: int) -> None:
    """It goes off when more bytes than that come in a minute."""
    hodei.client("cloudwatch").put_metric_alarm(
        AlarmName="flood",
        Namespace=NAMESPACE,
        MetricName="Bytes",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=most,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[arn_of("lambda", "function:tell")],
    )


def variables(**given: str) -> dict[str, dict[str, str]]:
    return {"Variables": given}


# what happens


def pictures(given: Path | None) -> dict[str, Path]:
    """Those of a folder, or of the Python library and its packages, by their keys; each once."""
    folders = [given] if given else [Path(sysconfig.get_paths()[name]) for name in ("stdlib", "purelib")]
    found = {
        path.read_bytes(): path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in PICTURES
    }
    return {f"uploads/{number:03}-{path.name}": path for number, path in enumerate(sorted(found.values()))}


def upload(hodei: Hodei, sources: dict[str, Path], scratch: Path) -> None:
    """All of them by the aws CLI, and one that is cut off."""
    for key, path in sources.items():
        target = scratch / key
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (scratch / BROKEN).write_bytes(b"\xff\xd8\xff\xe0 and nothing more")
    hodei.aws("s3", "sync", str(scratch), f"s3://{BUCKET}", "--only-show-errors")


def check_thumbnails(hodei: Hodei, sources: dict[str, Path]) -> Counter[str]:
    """Each picture has a thumbnail of its own shape, and a true entry. The bytes of each format."""
    s3, table = hodei.client("s3"), hodei.client("dynamodb")
    totals: Counter[str] = Counter()
    for key, path in sources.items():
        with Image.open(path) as picture:
            kind, size = str(picture.format), picture.size
        body = s3.get_object(Bucket=BUCKET, Key=f"thumbnails/{key}")["Body"].read()
        with Image.open(io.BytesIO(body)) as small:
            assert max(small.size) == min(SIDE, max(size)), (key, size, small.size)
        item = table.get_item(TableName=TABLE, Key={"key": {"S": key}}, ConsistentRead=True)["Item"]
        found = (item["format"]["S"], int(item["width"]["N"]), int(item["height"]["N"]), int(item["bytes"]["N"]))
        assert found == (kind, *size, path.stat().st_size), (key, found)
        totals[kind] += path.stat().st_size
    return totals


def measured(hodei: Hodei, kind: str | None) -> Decimal:
    """The sum of a format's bytes, or of all, that CloudWatch has by now."""
    now = hodei.now()
    answer = hodei.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="Bytes",
        Dimensions=[{"Name": "Format", "Value": kind}] if kind else [],
        StartTime=now - timedelta(hours=3),
        EndTime=now,
        Period=60,
        Statistics=["Sum"],
    )
    return sum((Decimal(point["Sum"]) for point in answer["Datapoints"]), Decimal(0))


def bodies(hodei: Hodei, url: str) -> list[dict[str, Any]]:
    answer = hodei.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def readable(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            picture.load()
    except (UnidentifiedImageError, OSError):
        return False
    return True


def has_gone_off(hodei: Hodei) -> bool:
    history = hodei.client("cloudwatch").describe_alarm_history(AlarmName="flood", HistoryItemType="StateUpdate")
    return any("to ALARM" in item["HistorySummary"] for item in history["AlarmHistoryItems"])


def as_time_goes_on(hodei: Hodei, done: Callable[[], bool], what: str) -> None:
    """Wait for something that a minute more may bring."""

    def there() -> bool:
        if not (is_done := done()):
            hodei.advance("1m")
        return is_done

    until(there, what)


def run(hodei: Hodei, sources: dict[str, Path], scratch: Path) -> None:
    failed, told = set_up(hodei)
    set_alarm(hodei, most=sum(path.stat().st_size for path in sources.values()) // 4)

    print(f"uploading {len(sources)} pictures and a broken one with the aws CLI ...")
    upload(hodei, sources, scratch)
    entries = lambda: hodei.client("dynamodb").scan(TableName=TABLE, Select="COUNT")["Count"]  # noqa: E731
    until(lambda: entries() == len(sources), "an entry for each picture")
    totals = check_thumbnails(hodei, sources)
    print(f"each of {len(sources)} pictures has a thumbnail and an entry: {dict(totals)}")

    hodei.advance("10m")  # windows end, and the broken one is tried three times
    (letter,) = bodies(hodei, failed)
    assert letter["Records"][0]["s3"]["object"]["key"] == BROKEN
    print("the broken one is in the dead-letter queue")

    as_time_goes_on(hodei, lambda: measured(hodei, None) == sum(totals.values()), "the totals in CloudWatch")
    assert {kind: int(measured(hodei, kind)) for kind in totals} == dict(totals)
    print("the windows' totals are those of the files, to the byte")

    as_time_goes_on(hodei, lambda: has_gone_off(hodei), "the alarm")
    as_time_goes_on(hodei, lambda: {"alarm": "flood", "state": "ALARM"} in bodies(hodei, told), "word of the alarm")
    print("the alarm went off, and told so")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    given = parser.parse_args().folder
    sources = {key: path for key, path in pictures(given).items() if readable(path)}
    with tempfile.TemporaryDirectory() as folder, Hodei(Path(folder) / "data") as hodei:
        run(hodei, sources, Path(folder) / "scratch")
    print("done")


if __name__ == "__main__":
    main()
