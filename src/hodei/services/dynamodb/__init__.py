"""DynamoDB."""

from hodei.services.dynamodb import lifecycle, tables

__all__ = ["lifecycle", "tables"]
