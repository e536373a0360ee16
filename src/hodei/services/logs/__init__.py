"""CloudWatch Logs."""

from hodei.services.logs import access, groups, streams, tagging
from hodei.services.logs.events import filter, put, read, tail
from hodei.services.logs.filters import testing

__all__ = ["access", "filter", "groups", "put", "read", "streams", "tagging", "tail", "testing"]
