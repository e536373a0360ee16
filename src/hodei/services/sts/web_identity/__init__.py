from hodei.services.sts.web_identity import assume

__all__ = ["assume"]
