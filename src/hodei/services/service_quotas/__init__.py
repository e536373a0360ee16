"""Service Quotas: the quotas of all services that Hodei has, where AWS's codes for them are known, and their increase.

A quota that is raised here is the one that its service goes by. Every increase of an adjustable quota is granted, after
the setting `approval-seconds` on the cloud's clock. There are no quotas of single resources.
"""

from hodei.services.service_quotas import increases, quotas, tagging

__all__ = ["increases", "quotas", "tagging"]
