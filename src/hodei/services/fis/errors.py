from hodei.services.fis.service import fis

ConflictException = fis.error("ConflictException", "{reason}")
ResourceNotFoundException = fis.error("ResourceNotFoundException", "{kind} {id} not found.")
ServiceQuotaExceededException = fis.error(
    "ServiceQuotaExceededException", "The quota of {most} for {what} has been exceeded."
)
ValidationException = fis.error("ValidationException", "{reason}")
