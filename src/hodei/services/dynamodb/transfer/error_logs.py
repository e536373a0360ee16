"""What is wrong with items of imports, in CloudWatch Logs: written as the caller, who may lack the permission.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Validation.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import hodei.services.logs.api as log_groups
from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.services.dynamodb.transfer.state import Import

GROUP = "/aws-dynamodb/imports"
ACTIONS = ("CreateLogGroup", "CreateLogStream", "PutLogEvents")


def group_arn(import_arn: str) -> str:
    """The CloudWatchLogGroupArn of an import."""
    place = Arn.parse(import_arn)
    return f"arn:{place.partition}:logs:{place.region}:{place.account}:log-group:{GROUP}:*"


def note(ctx: Context, job: Import, key: str, found: Iterable[tuple[int, str]]) -> None:
    """Tell of items of an object: their positions in it, and what is wrong."""
    stream = f"{job.arn.rpartition('/')[2]}/error"
    texts = [json.dumps(_record(job, key, *one)) for one in found]
    if not texts:
        return
    try:
        log_groups.allowed(ctx, ACTIONS, GROUP, stream)
        log_groups.write(ctx, GROUP, stream, [(int(ctx.now * 1000), text) for text in texts])
    except AwsError:
        return


def _record(job: Import, key: str, index: int, message: str) -> dict[str, object]:
    pointer = {"bucket": job.told["S3BucketSource"]["S3Bucket"], "key": key, "itemIndex": index}
    return {"itemS3Pointer": pointer, "importArn": job.arn, "errorMessages": [message]}
