"""The kinds of delivery that ship with the package, one YAML a kind: a new kind is a file.

What belongs here is reading them and the names derived from them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.model import TableContract
from will_pipeline.deliveries.model import Template
from will_pipeline.errors import SourceFault
from will_pipeline.sources.documents import load_document

SOURCE = "modelli delle consegne"
_FOLDER = Path(__file__).parent / "templates"


@cache
def load_templates(folder: Path = _FOLDER) -> dict[str, Template]:
    """Read the templates, by kind in alphabetical order.

    Args:
        folder: folder of the `<kind>.yaml` files.

    Raises:
        SourceFault: a file breaks the model or is not named after its kind.
    """
    read = {}
    for path in sorted(folder.glob("*.yaml")):
        template = load_document(path, SOURCE, Template)
        if template.kind != path.stem:
            rule = f"'{template.kind}' non è il nome del file"
            raise SourceFault(SOURCE, path.name, "campo kind", rule)
        read[template.kind] = template
    return read


@cache
def harmonised() -> dict[str, TableContract]:
    """Contracts of the harmonised tables, by name."""
    return load_contracts("core")


def source_id(kind: str, pro_com: str) -> str:
    """Code of the source that a delivery becomes in the mart."""
    return f"consegna_{kind}_{pro_com}"
