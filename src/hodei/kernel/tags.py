"""Tags of resources, by ARN: one place for all services."""

from __future__ import annotations

from collections.abc import Mapping

from hodei.kernel.tables import Record, Scope, Table

EMPTY: Mapping[str, str] = {}


class Tagged(Record):
    arn: str
    tags: dict[str, str]


class Tags:
    table = Table("kernel", "tags", Tagged, key="arn")

    def get(self, ctx: Scope, arn: str) -> Mapping[str, str]:
        found = self.table.get(ctx, arn)
        return found.tags if found else EMPTY

    def set(self, ctx: Scope, arn: str, tags: Mapping[str, str]) -> None:
        """Replace all tags of `arn`."""
        if tags:
            self.table.put(ctx, Tagged(arn=arn, tags=dict(tags)))
        else:
            self.table.delete(ctx, arn)

    def add(self, ctx: Scope, arn: str, tags: Mapping[str, str]) -> None:
        self.set(ctx, arn, {**self.get(ctx, arn), **tags})

    def remove(self, ctx: Scope, arn: str, names: list[str]) -> None:
        self.set(ctx, arn, {name: value for name, value in self.get(ctx, arn).items() if name not in names})
