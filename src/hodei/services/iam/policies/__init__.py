from hodei.services.iam.policies import attached, inline, managed, versions

__all__ = ["attached", "inline", "managed", "versions"]
