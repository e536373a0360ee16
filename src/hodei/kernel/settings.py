"""Settings and quotas: defaults from the manifests, changed over the admin API and kept in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hodei.kernel.manifest import Quota, manifest
from hodei.kernel.tables import Place, Record, Table

if TYPE_CHECKING:
    from hodei.kernel.context import Context
    from hodei.kernel.store import Store
    from hodei.kernel.tables import Scope


class Changed(Record):
    service: str
    key: str
    value: float | bool | str


class Settings:
    """Knobs of the services that AWS does not have."""

    table = Table("kernel", "settings", Changed, key=("service", "key"), scope="global", cached=True)

    def __init__(self, store: Store) -> None:
        self._place = Place(store, "", "")

    def get(self, service: str, key: str) -> Any:
        changed = self.table.get(self._place, service, key)
        return changed.value if changed else manifest(service).settings[key].default

    def set(self, service: str, key: str, value: Any) -> None:
        """Raises: KeyError if there is no such setting, ValueError if the value is of another type."""
        default = manifest(service).settings[key].default
        if isinstance(default, bool) != isinstance(value, bool) or isinstance(default, str) != isinstance(value, str):
            raise ValueError(f"{service}.{key} is a {type(default).__name__}, not {value!r}")
        with self._place.store.batch():
            self.table.put(self._place, Changed(service=service, key=key, value=value))


EVERYWHERE = "aws-global"  # the region of quotas that hold in all


class Quotas:
    """AWS's limits, by account and region."""

    table = Table("kernel", "quotas", Changed, key=("service", "key"), cached=True)

    def get(self, ctx: Context, key: str) -> float:
        return self.at(ctx, ctx.service.name, key)

    def at(self, place: Scope, service: str, key: str) -> float:
        """Raises: KeyError if there is no such quota."""
        quota = manifest(service).quotas[key]
        changed = self.table.get(_where(place, quota), service, key)
        return float(changed.value) if changed else quota.default(place.region)

    def changed(self, place: Scope, service: str, key: str) -> bool:
        """Whether it is another than AWS's default."""
        return self.table.get(_where(place, manifest(service).quotas[key]), service, key) is not None

    def set(self, place: Scope, service: str, key: str, value: float) -> None:
        """In the open batch. Raises: KeyError if there is no such quota."""
        where = _where(place, manifest(service).quotas[key])
        self.table.put(where, Changed(service=service, key=key, value=value))


def _where(place: Scope, quota: Quota) -> Scope:
    return Place(place.store, place.account, EVERYWHERE) if quota.everywhere else place
