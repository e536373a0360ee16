from hodei.services.iam.service import iam

AccessDenied = iam.error("AccessDenied", status=403)
DeleteConflict = iam.error("DeleteConflict", "Cannot delete entity, must {what} first.")
EntityAlreadyExists = iam.error("EntityAlreadyExists", "{what} already exists.")
InvalidInput = iam.error("InvalidInput", "{reason}")
LimitExceeded = iam.error("LimitExceeded", "Cannot exceed quota for {what}: {limit}")
MalformedPolicyDocument = iam.error("MalformedPolicyDocument", "{reason}")
NoSuchEntity = iam.error("NoSuchEntity", "{what} cannot be found.")
PolicyNotAttachable = iam.error("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.")
UnmodifiableEntity = iam.error(
    "UnmodifiableEntity",
    "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS",
)
ValidationError = iam.error("ValidationError", "{reason}")
