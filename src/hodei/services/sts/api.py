"""What other services use of STS: roles that they become, and messages of denials that only those can read who may
(EC2's are so)."""

from hodei.services.sts.acting import become, issue
from hodei.services.sts.messages import encode as encoded_denial

__all__ = ["become", "encoded_denial", "issue"]
