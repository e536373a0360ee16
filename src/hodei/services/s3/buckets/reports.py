"""Configurations of which a bucket has several by id: inventory, metrics, analytics, intelligent tiering.

They are checked, kept and listed. No inventory report or analysis is made of them.
"""

from __future__ import annotations

from typing import Any

from hodei.kernel.arns import Arn
from hodei.kernel.context import Context
from hodei.services.s3 import errors
from hodei.services.s3.buckets.configurations import numbered_configuration
from hodei.services.s3.state import Bucket

FILTERS = ("Prefix", "Tag", "AccessPointArn", "And")


@numbered_configuration("inventory", noun="BucketInventoryConfiguration", member="InventoryConfiguration")
def accept_inventory(home: Context, bucket: Bucket, document: Any) -> Any:
    _check_destination(document["Destination"]["S3BucketDestination"]["Bucket"])
    return document


@numbered_configuration("metrics", noun="BucketMetricsConfiguration", member="MetricsConfiguration")
def accept_metrics(home: Context, bucket: Bucket, document: Any) -> Any:
    _check_filter(document)
    return document


@numbered_configuration("analytics", noun="BucketAnalyticsConfiguration", member="AnalyticsConfiguration")
def accept_analytics(home: Context, bucket: Bucket, document: Any) -> Any:
    _check_filter(document)
    export = document["StorageClassAnalysis"].get("DataExport")
    if export is not None:
        _check_destination(export["Destination"]["S3BucketDestination"]["Bucket"])
    return document


@numbered_configuration(
    "intelligent-tiering", noun="BucketIntelligentTieringConfiguration", member="IntelligentTieringConfiguration"
)
def accept_intelligent_tiering(home: Context, bucket: Bucket, document: Any) -> Any:
    """Archive access begins after 90 days at the earliest, deep archive access after 180; both end at 730."""
    _check_filter(document)
    least = {"ARCHIVE_ACCESS": 90, "DEEP_ARCHIVE_ACCESS": 180}
    tiers = {tiering["AccessTier"]: tiering["Days"] for tiering in document["Tierings"]}
    if not tiers or len(tiers) < len(document["Tierings"]):
        raise errors.MalformedXML()
    for tier, days in tiers.items():
        if not least[tier] <= days <= 730:
            raise errors.InvalidArgument(
                "Invalid IntelligentTiering days.", ArgumentName="Days", ArgumentValue=str(days)
            )
    return document


def _check_filter(document: Any) -> None:
    if "Filter" in document and sum(name in document["Filter"] for name in FILTERS) != 1:
        raise errors.MalformedXML()


def _check_destination(text: str) -> None:
    try:
        arn = Arn.parse(text)
    except ValueError:
        raise errors.InvalidS3DestinationBucket() from None
    if arn.service != "s3" or arn.region or arn.account:
        raise errors.InvalidS3DestinationBucket()
