from hodei.services.service_quotas.service import service_quotas

NoSuchService = service_quotas.error(
    "NoSuchResourceException", "The request failed because the specified service does not exist."
)
NoSuchQuota = service_quotas.error(
    "NoSuchResourceException", "The request failed because the specified quota does not exist."
)
NoValueInContext = service_quotas.error(
    "NoSuchResourceException",
    "The request failed because applied value for the specified context Id do not exist.",
)
NoSuchRequest = service_quotas.error(
    "NoSuchResourceException", "The request failed because the specified request does not exist."
)
NoSuchResource = service_quotas.error("NoSuchResourceException", "The specified resource does not exist.")
IllegalArgument = service_quotas.error("IllegalArgumentException", "{reason}")
InvalidPaginationToken = service_quotas.error("InvalidPaginationTokenException", "Invalid pagination token.")
ResourceAlreadyExists = service_quotas.error(
    "ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota."
)
TooManyTags = service_quotas.error(
    "TooManyTagsException", "You've exceeded the number of tags allowed for a resource. The maximum is 50."
)
