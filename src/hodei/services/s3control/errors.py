from hodei.services.s3control.service import s3control

AccessDenied = s3control.error("AccessDenied", "Access Denied", status=403)
AccessPointAlreadyOwnedByYou = s3control.error(
    "AccessPointAlreadyOwnedByYou",
    "Your previous request to create the named accesspoint succeeded and you already own it.",
    status=409,
)
InvalidArgument = s3control.error("InvalidArgument", "Invalid Argument")
InvalidRequest = s3control.error("InvalidRequest", "Invalid Request")
InvalidTag = s3control.error(
    "InvalidTag",
    "This request contains a tag key or value that isn't valid. Valid characters include the following: "
    "[a-zA-Z+-=._:/]. Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters.",
)
InvalidURI = s3control.error("InvalidURI", "Couldn't parse the specified URI.")
MalformedXML = s3control.error(
    "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
)
NoSuchAccessPoint = s3control.error("NoSuchAccessPoint", "The specified accesspoint does not exist", status=404)
NoSuchAccessPointPolicy = s3control.error(
    "NoSuchAccessPointPolicy", "The specified accesspoint policy does not exist", status=404
)
NoSuchPublicAccessBlockConfiguration = s3control.error(
    "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"
)
NoSuchResource = s3control.error("NoSuchResource", "The specified resource doesn't exist.", status=404)
TooManyAccessPoints = s3control.error(
    "TooManyAccessPoints", "You have attempted to create more access points than are allowed for an account."
)
TooManyTags = s3control.error("TooManyTags", "The number of tags exceeds the limit of {limit} tags.")
