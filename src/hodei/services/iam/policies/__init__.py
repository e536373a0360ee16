from hodei.services.iam.policies import attached, inline, managed, service_access, simulator, versions

__all__ = ["attached", "inline", "managed", "service_access", "simulator", "versions"]
