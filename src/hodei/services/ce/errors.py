from hodei.services.ce.service import ce

InvalidNextTokenException = ce.error(
    "InvalidNextTokenException", "The pagination token is invalid. Try again without a pagination token."
)
NotImplementedParameter = ce.error("NotImplemented", "{parameter} is not implemented by Hodei.", status=501)
RequestChangedException = ce.error(
    "RequestChangedException",
    "Your request parameters changed between pages. Try again with the old parameters or without a pagination token.",
)
ValidationException = ce.error("ValidationException", "{reason}")
