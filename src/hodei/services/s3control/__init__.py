"""S3 Control: access points, the public access blocks of accounts, tags of buckets and access points.

S3 keeps all of it and goes by it. Requests that come through an access point are S3's own affair.
"""

from hodei.services.s3control import access, access_points, accounts, decorate, policies, tagging, violations

__all__ = ["access", "access_points", "accounts", "decorate", "policies", "tagging", "violations"]
