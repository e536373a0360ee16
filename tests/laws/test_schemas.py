"""Stored records may grow fields with defaults; any other change needs a new `schema` number and a migration.

`schemas.json` is what was last released; `make schemas` writes it anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hodei.kernel.manifest import all_manifests
from hodei.kernel.service import Service, load_service

RELEASED = Path(__file__).with_name("schemas.json")


def describe(service: Service) -> dict[str, Any]:
    """The schema number, and each table's key, index and fields with their types."""
    tables = {
        name: {
            "key": list(table.key),
            "index": {index: list(fields) for index, fields in sorted(table.index.items())},
            "fields": {field.encode_name: str(field.type) for field in msgspec.structs.fields(table.record)},
        }
        for name, table in sorted(service.tables.items())
    }
    return {"schema": service.manifest.schema, "tables": tables}


@pytest.mark.parametrize("name", sorted(all_manifests()))
def test_a_changed_record_has_a_new_schema_number(name: str) -> None:
    released = json.loads(RELEASED.read_text()).get(name)
    if released is None:
        pytest.skip("not released yet: make schemas")
    service = load_service(name)
    now = describe(service)
    if now["schema"] != released["schema"]:
        assert set(service.migrations) >= set(range(released["schema"], now["schema"])), "a migration is missing"
        return
    for table, before in released["tables"].items():
        after = now["tables"].get(table)
        assert after, f"{table} is gone: raise the schema number in service.toml"
        assert (after["key"], after["index"]) == (before["key"], before["index"]), f"{table}'s keys changed"
        for field, kind in before["fields"].items():
            assert after["fields"].get(field, kind) == kind, f"{table}.{field} was {kind}"
        added = after["fields"].keys() - before["fields"].keys()
        required = {f.encode_name for f in msgspec.structs.fields(service.tables[table].record) if f.required}
        assert not added & required, f"{table}: {added & required} need defaults"


if __name__ == "__main__":
    schemas = {name: describe(load_service(name)) for name in sorted(all_manifests())}
    RELEASED.write_text(json.dumps(schemas, indent=1) + "\n")
    sys.stdout.write(f"{len(schemas)} services\n")
