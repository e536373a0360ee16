from hodei.services.iam.organization import access_report, root_access

__all__ = ["access_report", "root_access"]
