"""What is kept: requests for increases. The quotas' values are the kernel's."""

from __future__ import annotations

from hodei.kernel.tables import Record
from hodei.services.service_quotas.service import service_quotas


class Increase(Record):
    """A request. `service` and `quota` are the manifest's names, `service_code` and `code` AWS's."""

    id: str
    service: str
    quota: str
    service_code: str
    code: str
    desired: float
    requester: str
    created: float
    updated: float
    status: str = "PENDING"


increases = service_quotas.table("increases", Increase, key="id", index={"created": ("created",)})
