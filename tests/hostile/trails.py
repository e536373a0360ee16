"""A trail to be asked and changed, and what requests may name of it."""

from __future__ import annotations

import json
from typing import Any

from hodei.testing import ACCOUNT, REGION, Cloud

BUCKET = "audit-logs"
ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main"
DATA = [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]
OBJECTS = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
LET = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*"}
RESOURCES = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
POLICY = json.dumps({"Version": "2012-10-17", "Statement": LET | {"Resource": RESOURCES}})


def prime(cloud: Cloud) -> dict[str, list[Any]]:
    s3, cloudtrail = cloud.client("s3"), cloud.client("cloudtrail")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=POLICY)
    cloudtrail.create_trail(Name="main", S3BucketName=BUCKET, EnableLogFileValidation=True)
    cloudtrail.start_logging(Name="main")
    return {
        "Name": ["main", "main", ARN, "new-trail", "x", f"{ARN}x", "arn:aws:cloudtrail"],
        "TrailName": ["main", ARN, "new-trail", "x"],
        "trailNameList": [["main"], [ARN], ["x"], []],
        "S3BucketName": [BUCKET, BUCKET, BUCKET, "plain", "none-such", "X"],
        "S3KeyPrefix": ["", "p", "a/b", "p" * 201],
        "KmsKeyId": ["", "alias/aws/s3", "alias/none", "x"],
        "ResourceId": [ARN, "main", "arn:aws:sqs:us-east-1:000000000000:q"],
        "ResourceIdList": [[ARN], ["main"], [ARN, ARN]],
        "EventSelectors": [[{"ReadWriteType": "All", "DataResources": OBJECTS}], [{}], [{"DataResources": [{}]}]],
        "AdvancedEventSelectors": [
            [{"FieldSelectors": DATA}],
            [{"FieldSelectors": DATA[:1]}],
            [{"FieldSelectors": []}],
        ],
        "AttributeKey": ["EventName", "ReadOnly", "ResourceName", "Username", "EventId", "x"],
        "AttributeValue": ["true", "CreateTrail", "main", "root", ""],
        "MaxResults": [1, 50, 51, 0, -1],
        "MemberAccountId": ["111111111111", ACCOUNT, "x"],
        "DelegatedAdminAccountId": ["111111111111", "x"],
        "SnsTopicName": ["", "told"],
        "CloudWatchLogsLogGroupArn": ["", "x"],
        "CloudWatchLogsRoleArn": ["", "x"],
    }
