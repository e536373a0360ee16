"""S3 Control's own words for what breaks the model."""

from __future__ import annotations

from hodei.kernel.errors import AwsError
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation
from hodei.services.s3control import errors
from hodei.services.s3control.service import s3control


@s3control.on_violation
def worded(operation: OperationModel, violations: list[Violation]) -> AwsError:
    """The first violation decides. What is wrong within a document is MalformedXML, but for tags."""
    violation = violations[0]
    name, _, inner = violation.path.partition(".")
    value = violation.value.removeprefix("'").removesuffix("'")
    if name == "name":
        return errors.InvalidURI(URI=f"accesspoint/{value}")
    if inner and name in ("tags", "tagKeys") and violation.kind != "required":
        return errors.InvalidTag()
    if name in ("resourceArn", "bucket", "nextToken", "maxResults", "tagKeys") and not inner:
        return errors.InvalidArgument(f"Invalid value for {name}")
    return errors.MalformedXML()
