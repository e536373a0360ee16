"""An access point and a public access block, and what requests to S3 Control may name."""

from __future__ import annotations

import json
from typing import Any

from hodei.testing import Cloud

ACCOUNT = "000000000000"
POINT = f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/point"
ALLOW = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "s3:GetObject", "Resource": f"{POINT}/object/*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})
BLOCK = {"BlockPublicAcls": True}
NAMES: dict[str, list[Any]] = {
    "AccountId": [ACCOUNT, ACCOUNT, ACCOUNT, "111111111111", "x"],
    "Name": ["point", "point", "new", "xn--x", "a_b", "a" * 51],
    "Bucket": ["plain", "plain", "canary", "none"],
    "BucketAccountId": [ACCOUNT, "111111111111", "x"],
    "ResourceArn": [POINT, "arn:aws:s3:::plain", "arn:aws:s3:::canary", "arn:aws:s3:::none", "x", "arn:aws:s3:a:b:c"],
    "TagKeys": [["a"], ["a", "b"], []],
    "Policy": [POLICY, POLICY.replace("s3:GetObject", "*"), "{}", "x", "\x00"],
    "PublicAccessBlockConfiguration": [BLOCK, BLOCK, {}],
    "MaxResults": [1, 1000, 0, -1],
}


def prime(cloud: Cloud) -> dict[str, list[Any]]:
    control, named = cloud.client("s3control"), {"AccountId": ACCOUNT, "Name": "point"}
    control.create_access_point(**named, Bucket="plain", Tags=[{"Key": "a", "Value": "b"}])
    control.put_access_point_policy(**named, Policy=POLICY)
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=BLOCK)
    return NAMES
