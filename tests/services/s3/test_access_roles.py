"""S3 acting for somebody: as the role of a replication configuration."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hodei.testing import Cloud
from services.s3.callers import may, statement

pytestmark = [pytest.mark.feature("s3.replication"), pytest.mark.feature("iam.evaluation")]

OTHER = "111111111111"
ROLE = "arn:aws:iam::000000000000:role/replicator"
READ = may("s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", on="arn:aws:s3:::bucket/*")
WRITE = may("s3:ReplicateObject", "s3:ReplicateDelete", on="arn:aws:s3:::copy/*")
TAGS = may("s3:GetObjectVersionTagging", "s3:ReplicateTags")


def trust(service: str) -> str:
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def replicate(s3: Any, target: Any) -> None:
    enabled = {"Status": "Enabled"}
    target.create_bucket(Bucket="copy")
    for client, bucket in ((s3, "bucket"), (target, "copy")):
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    rule = {"Priority": 1, "Filter": {}, "DeleteMarkerReplication": enabled, **enabled}
    rule["Destination"] = {"Bucket": "arn:aws:s3:::copy"}
    s3.put_bucket_replication(Bucket="bucket", ReplicationConfiguration={"Role": ROLE, "Rules": [rule]})


def status(s3: Any, cloud: Cloud, **params: Any) -> str:
    s3.put_object(Bucket="bucket", Key="k", Body=b"x", **params)
    cloud.clock.advance(seconds=1)
    return str(s3.head_object(Bucket="bucket", Key="k")["ReplicationStatus"])


def test_the_role_needs_permission_for_both_sides(s3: Any, cloud: Cloud) -> None:
    replicate(s3, s3)
    iam = cloud.client("iam")
    iam.create_role(RoleName="replicator", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"))
    iam.put_role_policy(RoleName="replicator", PolicyName="p", PolicyDocument=policy(READ, WRITE, TAGS))
    assert status(s3, cloud) == "FAILED"
    iam.update_assume_role_policy(RoleName="replicator", PolicyDocument=trust("s3.amazonaws.com"))
    assert status(s3, cloud) == "COMPLETED"
    for statements in ([READ], [WRITE], []):
        iam.put_role_policy(
            RoleName="replicator", PolicyName="p", PolicyDocument=policy(*statements or [may("s3:ListBucket")])
        )
        assert status(s3, cloud) == "FAILED", statements
    iam.put_role_policy(RoleName="replicator", PolicyName="p", PolicyDocument=policy(READ, WRITE))
    assert (status(s3, cloud), status(s3, cloud, Tagging="a=b")) == ("COMPLETED", "FAILED")
    s3.delete_object(Bucket="bucket", Key="k")
    cloud.clock.advance(seconds=1)
    assert s3.list_object_versions(Bucket="copy")["DeleteMarkers"]


def test_another_account_lets_the_role_in(s3: Any, cloud: Cloud) -> None:
    other = cloud.client("s3", account=OTHER)
    replicate(s3, other)
    iam = cloud.client("iam")
    iam.create_role(RoleName="replicator", AssumeRolePolicyDocument=trust("s3.amazonaws.com"))
    iam.put_role_policy(RoleName="replicator", PolicyName="p", PolicyDocument=policy(READ, WRITE))
    assert status(s3, cloud) == "FAILED"
    let_in = statement("copy", {"AWS": ROLE}, ["s3:ReplicateObject"], Resource="arn:aws:s3:::copy/*")
    other.put_bucket_policy(Bucket="copy", Policy=policy(let_in))
    assert status(s3, cloud) == "COMPLETED"


def test_a_role_that_is_not_there_stands_in_no_ones_way(s3: Any, cloud: Cloud) -> None:
    replicate(s3, s3)
    assert status(s3, cloud) == "COMPLETED"
