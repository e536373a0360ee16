from hodei.services.iam.access_advisor import reports

__all__ = ["reports"]
