"""The daily metrics of storage: https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hodei.kernel.context import Context
from hodei.kernel.metrics import Gauge
from hodei.services.s3.billing.volumes import COUNTED, PARTS, volumes
from hodei.services.s3.service import s3

TYPES = {
    "STANDARD": "StandardStorage",
    "REDUCED_REDUNDANCY": "ReducedRedundancyStorage",
    "STANDARD_IA": "StandardIAStorage",
    "ONEZONE_IA": "OneZoneIAStorage",
    "INTELLIGENT_TIERING": "IntelligentTieringFAStorage",
    "GLACIER_IR": "GlacierInstantRetrievalStorage",
    "GLACIER": "GlacierStorage",
    "DEEP_ARCHIVE": "DeepArchiveStorage",
}


@s3.gauges
def stored(ctx: Context) -> Iterator[Gauge]:
    counts: Counter[str] = Counter()
    for held in volumes.scan(ctx):
        if held.kind not in (COUNTED, PARTS):
            counts[held.bucket] += held.count
        if kind := TYPES.get(held.kind):
            of_class = {"BucketName": held.bucket, "StorageType": kind}
            yield Gauge("BucketSizeBytes", float(held.size), "Bytes", of_class)
    for bucket, count in counts.items():
        of_all = {"BucketName": bucket, "StorageType": "AllStorageTypes"}
        yield Gauge("NumberOfObjects", float(count), "Count", of_all)
