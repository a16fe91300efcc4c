"""All tables, in the order of the pages."""

from __future__ import annotations

from core.errors import unknown_name
from core.exports import of_costs, of_curves, of_encoders, of_methods, of_queries, of_setting, of_studies
from core.exports.export import Export

_PARTS = (of_setting, of_curves, of_methods, of_costs, of_queries, of_encoders, of_studies)
EXPORTS: dict[str, Export] = {export.name: export for part in _PARTS for export in part.EXPORTS}


def get_export(name: str) -> Export:
    """The table of this name; raises BadInput for an unknown one."""
    if name not in EXPORTS:
        raise unknown_name("table", name, EXPORTS)
    return EXPORTS[name]
