from hodei.services.sts.service import sts

MissingAuthenticationToken = sts.error(
    "MissingAuthenticationToken", "Request is missing Authentication Token", status=403
)
