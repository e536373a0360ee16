from hodei.services.sts.saml import assume

__all__ = ["assume"]
