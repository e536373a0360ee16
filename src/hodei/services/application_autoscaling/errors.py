from hodei.services.application_autoscaling.service import application_autoscaling

InvalidNextTokenException = application_autoscaling.error("InvalidNextTokenException", "The next token is invalid.")
LimitExceededException = application_autoscaling.error("LimitExceededException", "{reason}")
ObjectNotFoundException = application_autoscaling.error("ObjectNotFoundException", "{reason}")
ResourceNotFoundException = application_autoscaling.error(
    "ResourceNotFoundException", "Unable to find scalable target with ARN: {ResourceName}"
)
TooManyTagsException = application_autoscaling.error(
    "TooManyTagsException", "A resource can have no more than {most} tags."
)
ValidationException = application_autoscaling.error("ValidationException", "{reason}")
