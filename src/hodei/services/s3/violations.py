"""S3's own words for what breaks the model."""

from __future__ import annotations

from collections.abc import Callable

from hodei.kernel.errors import AwsError
from hodei.protocol.model import OperationModel
from hodei.protocol.validate import Violation
from hodei.services.s3 import errors
from hodei.services.s3.objects import copies, reencryption
from hodei.services.s3.service import s3

UNSUPPORTED_CHECKSUM = (
    "Checksum algorithm provided is unsupported. "
    "Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
)
WORDS = {
    "x-amz-acl": "",
    "encoding-type": "Invalid Encoding Method specified in Request",
    "x-amz-server-side-encryption": "The encryption method specified is not supported",
    "x-amz-metadata-directive": "Unknown metadata directive.",
    "x-amz-tagging-directive": "Unknown tagging directive.",
    "x-amz-object-lock-mode": "Unknown wormMode directive.",
    "x-amz-object-lock-legal-hold": "Legal Hold must be either of 'ON' or 'OFF'",
    "max-buckets": "Argument maxBuckets must be an integer between 1 and 10000",
}
SPECIAL: dict[str, Callable[[str], AwsError]] = {
    "x-amz-copy-source": lambda value: copies.bad_source(),
    "x-amz-object-attributes": lambda value: errors.InvalidArgument(
        "Invalid attribute name specified.", ArgumentName="x-amz-object-attributes", ArgumentValue=value.strip("[]")
    ),
    "x-amz-object-ownership": lambda value: errors.InvalidArgument(
        f"Invalid x-amz-object-ownership header: {value}", ArgumentName="x-amz-object-ownership"
    ),
    "x-amz-storage-class": lambda value: errors.InvalidStorageClass(StorageClassRequested=value),
    "x-amz-checksum-algorithm": lambda value: errors.InvalidRequest(UNSUPPORTED_CHECKSUM),
    "x-amz-sdk-checksum-algorithm": lambda value: errors.InvalidRequest(
        "Value for x-amz-sdk-checksum-algorithm header is invalid."
    ),
    "x-amz-checksum-type": lambda value: errors.InvalidRequest("Value for x-amz-checksum-type header is invalid."),
}


@s3.on_violation
def worded(operation: OperationModel, violations: list[Violation]) -> AwsError:
    """The first violation decides. What is wrong within a document is MalformedXML, whatever it is."""
    violation = violations[0]
    name = violation.path.partition(".")[0]
    if operation.input is None:
        return errors.MalformedXML()
    members = {key[0].lower() + key[1:]: (key, shape) for key, shape in operation.input.members.items()}
    key, shape = members.get(name, (name, None))
    value = violation.value.removeprefix("'").removesuffix("'")
    if violation.path.endswith("locationConstraint"):
        return errors.InvalidLocationConstraint(LocationConstraint=value)
    if violation.kind == "required" and name == violation.path and key == operation.input.payload:
        return errors.MissingRequestBodyError()
    if operation.name == "UpdateObjectEncryption" and "." in violation.path:
        required = violation.kind == "required"
        return errors.InvalidRequest(reencryption.NO_ARN if required else reencryption.BAD_ARN)
    if shape is None or not shape.location or "." in violation.path:
        return errors.MalformedACLError() if operation.name.endswith("Acl") else errors.MalformedXML()
    wire = shape.wire_name(key)
    if wire in SPECIAL:
        return SPECIAL[wire](value)
    if wire == "uploadId":  # a POST of which nothing says what it is to do
        return errors.MethodNotAllowed(Method="POST", ResourceType="OBJECT")
    if violation.kind == "required":
        return errors.InvalidRequest(f"Missing required header for this request: {wire}")
    message = WORDS.get(wire, f"Invalid value for {wire}")
    return errors.InvalidArgument(message, ArgumentName=wire, ArgumentValue=value)
