"""Where the words of an error are not known from AWS's answers, they are those of AWS's documentation of it."""

from hodei.services.cloudtrail.service import cloudtrail

InvalidLookupAttributes = cloudtrail.error("InvalidLookupAttributesException")
InvalidNextToken = cloudtrail.error("InvalidNextTokenException", "Invalid token.")
InvalidTimeRange = cloudtrail.error("InvalidTimeRangeException")
