"""What other services use of STS: messages of denials that only those can read who may (EC2's are so)."""

from hodei.services.sts.messages import encode as encoded_denial

__all__ = ["encoded_denial"]
