"""The section of the validation page on IDISE: its comparison with our indices, where handed in.

Reading the folder of the files handed in and wording what was found belong here; comparing belongs
to `will_pipeline.indicators.validation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from will_pipeline.atlas.words import number
from will_pipeline.indicators.validation import Comparison, compare_with_idise
from will_pipeline.readers.idise import read_idise

FOLDER = ("data", "raw", "consegne", "idise")
BEGIN, END = "<!-- idise: scritto da make pages -->", "<!-- idise: fine -->"
LEVELS = {"Q": "aree sub-comunali", "A": "aree di censimento"}
MEASURES = ("pearson", "spearman", "kendall")
ABSENT = (
    "**Il confronto non c'è**: nella cartella `data/raw/consegne/idise/` non è stato messo nessun "
    "file. La tabella di IDISE non è inclusa nel progetto."
)


def dropped_in(project: Path) -> pl.DataFrame | None:
    """IDISE by area, where its files were handed in.

    Args:
        project: folder of the project, that has `data/raw/consegne/idise/`.

    Returns:
        `area_id`, `idise`; None where the folder is absent or holds no file but the layout.

    Raises:
        SourceFault: The files are there and cannot be read.
    """
    folder = project.joinpath(*FOLDER)
    if not folder.is_dir():
        return None
    shown = [file for file in folder.iterdir() if file.is_file() and file.name[0] not in ".~"]
    files = {file.name: file.read_bytes() for file in shown}
    tables = [name for name in files if not name.endswith((".yaml", ".md", ".txt"))]
    return read_idise(files) if tables else None


def idise_section(
    idise: pl.DataFrame | None, indices: pl.DataFrame, municipalities: pl.DataFrame
) -> str:
    """Say how far IDISE and our indices agree, or why the comparison is not there.

    Args:
        idise: `area_id`, `idise`; None where nothing was handed in.
        indices: rows of `fatto_indice`.
        municipalities: rows of `dim_comune`.

    Raises:
        ValueError: an area comes twice or is badly named.
    """
    if idise is None:
        return ABSENT
    found = compare_with_idise(idise, indices)
    if found.summary.is_empty():
        return (
            f"**Il confronto non c'è**: nessuna delle {idise.height} aree dei file consegnati ha "
            "un indice qui."
        )
    names = {str(code): str(name) for code, name in
             municipalities.select("pro_com", "nome").iter_rows()}  # fmt: skip
    return "\n\n".join([_agreement(found, names), _inside(found), _left_out(found)])


def with_section(page: str, section: str) -> str:
    """Put the section in its place in the page.

    Raises:
        ValueError: the page does not hold the two marks, once each and in order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"the page must hold {BEGIN} and {END} once each")
    return f"{before}{BEGIN}\n\n{section}\n\n{END}{after}"


def _agreement(found: Comparison, names: Mapping[str, str]) -> str:
    lines = [
        "| Città | Livello | Bisogno | Anno | Aree | Pearson | Spearman | Kendall |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {names.get(row['pro_com'], row['pro_com'])} | {LEVELS[row['livello']]} | "
        f"`{row['dimensione']}` | {row['anno']} | {row['n']} | "
        + " | ".join(number(row[measure], 2) for measure in MEASURES)
        + " |"
        for row in found.summary.iter_rows(named=True)
    ]
    return "\n".join(lines)


def _inside(found: Comparison) -> str:
    needs = found.places.group_by("dimensione", maintain_order=True).agg(
        inside=pl.col("within_range").sum(), areas=pl.len()
    )
    told = "; ".join(
        f"`{need}` {inside} su {areas}" for need, inside, areas in needs.sort("dimensione").rows()
    )
    return f"Aree in cui il posto di IDISE sta fra i posti probabili che pubblichiamo: {told}."


def _left_out(found: Comparison) -> str:
    if not found.unmatched:
        return "Tutte le aree dei file consegnati hanno un indice qui."
    return f"Aree dei file consegnati senza un indice qui: {', '.join(found.unmatched)}."
