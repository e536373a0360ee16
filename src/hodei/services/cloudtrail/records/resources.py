"""The types of what events are about, as CloudFormation names them."""

from __future__ import annotations

from hodei.kernel.arns import Arn

# Service, and what stands before the first "/" or ":" of the resource in an ARN ("": there is none of them) -> type.
TYPES = {
    "cloudtrail": {"trail": "AWS::CloudTrail::Trail"},
    "dynamodb": {
        "table": "AWS::DynamoDB::Table",
        "global-table": "AWS::DynamoDB::GlobalTable",
        "stream": "AWS::DynamoDB::Stream",
    },
    "fis": {"experiment": "AWS::FIS::Experiment", "experiment-template": "AWS::FIS::ExperimentTemplate"},
    "iam": {
        "group": "AWS::IAM::Group",
        "instance-profile": "AWS::IAM::InstanceProfile",
        "mfa": "AWS::IAM::MFADevice",
        "oidc-provider": "AWS::IAM::OIDCProvider",
        "policy": "AWS::IAM::Policy",
        "role": "AWS::IAM::Role",
        "saml-provider": "AWS::IAM::SAMLProvider",
        "server-certificate": "AWS::IAM::ServerCertificate",
        "user": "AWS::IAM::User",
    },
    "kms": {"alias": "AWS::KMS::Alias", "key": "AWS::KMS::Key"},
    "organizations": {
        "account": "AWS::Organizations::Account",
        "organization": "AWS::Organizations::Organization",
        "ou": "AWS::Organizations::OrganizationalUnit",
        "policy": "AWS::Organizations::Policy",
    },
    "s3": {"accesspoint": "AWS::S3::AccessPoint", "": "AWS::S3::Bucket"},
    "secretsmanager": {"secret": "AWS::SecretsManager::Secret"},
    "sqs": {"": "AWS::SQS::Queue"},
    "ssm": {"parameter": "AWS::SSM::Parameter"},
}
NAMELESS = ("AWS::DynamoDB::Stream", "AWS::S3::Object")
NAMED_BY_ARN = ("kms", "secretsmanager")  # whose resources are called so in the event history


def type_of(arn: str) -> str:
    """The type of a resource; "": it is not known."""
    try:
        found = Arn.parse(arn)
    except ValueError:
        return ""
    kinds = TYPES.get(found.service, {})
    if found.service == "s3" and "/" in found.resource and not found.region:
        return "AWS::S3::Object"
    if found.service == "dynamodb" and "/stream/" in found.resource:
        return kinds["stream"]
    kind, divider, _ = found.resource.replace(":", "/").partition("/")
    return kinds.get(kind if divider else "", "")


def name_of(arn: str) -> str:
    """The resource by its name, or by its ARN where the service does so, or it has no other."""
    try:
        found = Arn.parse(arn)
    except ValueError:
        return arn
    if found.service in NAMED_BY_ARN or type_of(arn) in NAMELESS:
        return arn
    if found.service == "ssm":
        return found.resource.removeprefix("parameter")
    return found.resource.replace(":", "/").rpartition("/")[2]
