"""How S3 words that it refuses: with the reason to callers of the owner's account only.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
"""

from __future__ import annotations

from msgspec.structs import replace

from hodei.kernel.context import Context
from hodei.kernel.errors import AwsError
from hodei.kernel.iam.evaluate import AccessRequest, Decision
from hodei.kernel.iam.needs import ANY
from hodei.kernel.iam.wording import wording
from hodei.services.s3 import errors
from hodei.services.s3.service import s3


@s3.on_denied
def denied(ctx: Context, request: AccessRequest, decision: Decision) -> AwsError:
    """S3 quotes ARNs."""
    if request.crosses_accounts or not request.principal.has_identity:
        return errors.AccessDenied()
    resource = "" if request.resource == ANY else f'"{request.resource}"'
    return errors.AccessDenied(wording(decision, replace(request, resource=resource)))
