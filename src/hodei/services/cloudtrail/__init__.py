"""AWS CloudTrail: what the kernel's ledger has recorded of every call, as AWS words it."""

from hodei.services.cloudtrail import lookup

__all__ = ["lookup"]
