from hodei.services.sts.web_identity import assume, discovery, issuing

__all__ = ["assume", "discovery", "issuing"]
