"""The whole country from a folder of official files: region by region, then what needs them all.

The order of the steps belongs here; each step is a pure function of another module.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from will_pipeline.indicators.specification import load_specification
from will_pipeline.national.fingerprint import table_fingerprint
from will_pipeline.national.formulas import Formulas, indices, national_formulas, rates
from will_pipeline.national.official import files_of
from will_pipeline.national.partitions import Partition, clear_halted, make_partition
from will_pipeline.national.seams import links_across

VINTAGE = 2011
WORKSHOP, LATEST = "partizioni", "ultimo"
Tell = Callable[[str], None]


@dataclass(frozen=True)
class National:
    """What a national run made.

    Attributes:
        folder: where the tables are.
        content: fingerprint of all of them.
        partitions: the regions, in order.
        areas: areas with rates.
        links: pairs of areas with a common border.
        notes: what the run has to say, in Italian.
    """

    folder: Path
    content: str
    partitions: tuple[Partition, ...]
    areas: int
    links: int
    notes: tuple[str, ...]


def formulas_of(vintage: int = VINTAGE) -> Formulas:
    """Rates and indices of a census, from the specification."""
    return national_formulas(load_specification(vintage=vintage))


def run_country(folder: Path, output: Path, *, tell: Tell = lambda _: None) -> National:
    """Make the tables of the whole country, one region in memory at a time.

    Args:
        folder: official files of every region, as `official.files_of` wants them.
        output: where partitions and tables go; a run that was halted starts again from there.
        tell: is told of every step, in Italian.

    Raises:
        SourceFault: a file is missing or broken.
    """
    formulas = formulas_of()
    regions = files_of(folder)
    clear_halted(output / WORKSHOP)
    partitions = []
    for number, region in enumerate(regions, start=1):
        made = make_partition(region, formulas.codes, output / WORKSHOP)
        partitions.append(made)
        how = "già pronta" if made.resumed else f"{made.sections} sezioni, {made.areas} aree"
        tell(f"  {number:>2} di {len(regions)}  regione {region.code}: {how}")
    return gather(partitions, formulas, output)


def gather(partitions: Sequence[Partition], formulas: Formulas, output: Path) -> National:
    """Make what needs every region: links across regions, rates, indices, and publish.

    The folder of the tables appears by one rename, and the link to the latest one is replaced.

    Args:
        partitions: the regions, in order.
        formulas: rates and indices.
        output: where the tables go.
    """
    areas = pl.concat([part.scan("areas").collect() for part in partitions]).sort("area_id")
    outer = pl.concat(
        [part.scan("outer").collect().with_columns(region=pl.lit(part.code)) for part in partitions]
    )
    across, touched = links_across(outer)
    inside = pl.concat([part.scan("links").collect() for part in partitions])
    links = pl.concat([inside, across]).sort("area_id", "other_id")
    table = rates(areas, formulas)
    finest = ~areas["pro_com"].is_in(
        areas.filter(pl.col("level") == "A")["pro_com"].unique().implode()
    ) | (areas["level"] == "A")
    tables = {
        "conteggi": areas,
        "tassi": table,
        "indici": indices(table, formulas, pool=finest),
        "confini_comuni": links,
    }
    contents = {name: table_fingerprint(frame) for name, frame in tables.items()}
    digest = hashlib.sha256(json.dumps(contents, sort_keys=True).encode())
    for part in partitions:
        digest.update(f"{part.code} {json.dumps(part.content, sort_keys=True)}".encode())
    content, notes = digest.hexdigest(), _notes(partitions, touched)
    target = output / f"italia-{content[:16]}"
    if not target.exists():
        _publish(tables, partitions, target, {"impronta": content, "avvisi": list(notes)})
    _point(output / LATEST, target.name)
    return National(target, content, tuple(partitions), areas.height, links.height, notes)


def _notes(partitions: Sequence[Partition], touched: int) -> tuple[str, ...]:
    notes = [
        f"Regione {part.code}: i bordi di {part.mended} poligoni non combaciano con i vicini. "
        "Per questi il confine è misurato a distanza, con un errore di pochi centimetri."
        for part in partitions
        if part.mended
    ]
    if touched:
        notes.append(
            f"Tra regioni diverse {touched} tratti di confine non combaciano. "
            "Sono misurati a distanza."
        )
    return tuple(notes)


def _publish(
    tables: dict[str, pl.DataFrame],
    partitions: Sequence[Partition],
    target: Path,
    manifest: dict[str, object],
) -> None:
    beside = Path(mkdtemp(prefix=".italia-", dir=target.parent))
    try:
        for name, frame in tables.items():
            frame.write_parquet(beside / f"{name}.parquet")
        pl.concat([part.scan("outlines") for part in partitions]).sink_parquet(
            beside / "contorni.parquet"
        )
        (beside / "manifesto.json").write_text(
            json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True), "utf-8"
        )
        beside.rename(target)
    finally:
        if beside.exists():
            shutil.rmtree(beside)


def _point(link: Path, name: str) -> None:
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.symlink_to(name)
    fresh.replace(link)
