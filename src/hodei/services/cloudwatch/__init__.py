"""Amazon CloudWatch: metrics, those of clients and the services' own."""

from hodei.services.cloudwatch import rules
from hodei.services.cloudwatch.data import get_data, get_statistics, listing, put

__all__ = ["get_data", "get_statistics", "listing", "put", "rules"]
