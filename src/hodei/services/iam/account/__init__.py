from hodei.services.iam.account import aliases, authorization_details, credential_report, summary

__all__ = ["aliases", "authorization_details", "credential_report", "summary"]
