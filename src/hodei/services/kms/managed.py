"""AWS managed keys: made when a service first needs one, to be used through that service only.

https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk
"""

from __future__ import annotations

from hodei.kernel.context import Context
from hodei.services.kms import policies, states
from hodei.services.kms.find import ALIAS, Found, existing
from hodei.services.kms.making import kept
from hodei.services.kms.material import rotation
from hodei.services.kms.specs import ENCRYPT, SPECS, SYMMETRIC
from hodei.services.kms.state import Alias, Key, aliases

AWS = f"{ALIAS}aws/"
YEAR_DAYS = 365
NOUNS = {  # alias -> what the key protects, in AWS's descriptions
    "acm": "ACM private keys",
    "backup": "Backup data",
    "dynamodb": "DynamoDB data",
    "ebs": "EBS volumes",
    "elasticfilesystem": "EFS filesystems",
    "es": "Elasticsearch data",
    "fsx": "FSx resources",
    "glue": "Glue data",
    "kinesis": "Kinesis streams",
    "lambda": "Lambda functions",
    "rds": "RDS database volumes",
    "redshift": "Redshift clusters",
    "s3": "S3 objects",
    "secretsmanager": "Secrets Manager data",
    "sns": "SNS data",
    "sqs": "SQS messages",
    "ssm": "SSM parameters",
}
PRINCIPALS = {"ebs": "ec2"}  # alias -> the service in kms:ViaService, where that is another


def service_of(alias: str) -> str | None:
    """The service that an alias of AWS's is for, None if there is none."""
    service = alias.removeprefix(AWS)
    return service if alias.startswith(AWS) and service in NOUNS else None


def managed_key(ctx: Context, service: str) -> Found:
    """The AWS managed key of a service ("s3"), made if it is not there yet. `ctx` is one of KMS."""
    name = AWS + service
    if alias := aliases.get(ctx, name):
        return existing(ctx, alias.key)
    secret = ctx.ids.randbytes(SPECS[SYMMETRIC].bits // 8)
    key = Key(
        id=ctx.ids.uuid(),
        spec_name=SYMMETRIC,
        usage=ENCRYPT,
        origin="AWS_KMS",
        created=ctx.now,
        policy=_policy(ctx, service),
        state=states.ENABLED,
        description=f"Default key that protects my {NOUNS[service]} when no other key is defined",
        manager="AWS",
    )
    found = rotation.start(kept(ctx, key, secret), YEAR_DAYS)
    aliases.put(ctx, Alias(name=name, key=key.id, created=ctx.now, updated=ctx.now))
    return found


def _policy(ctx: Context, service: str) -> str:
    title = service.upper()
    via = f"{PRINCIPALS.get(service, service)}.{ctx.region}.amazonaws.com"
    through = {
        "Sid": f"Allow access through {title} for all principals in the account that are authorized to use {title}",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:CreateGrant",
            "kms:DescribeKey",
        ],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:CallerAccount": ctx.account, "kms:ViaService": via}},
    }
    direct = {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": policies.root(ctx)},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    return policies.printed({"Version": "2012-10-17", "Id": f"auto-{service}-1", "Statement": [through, direct]})
