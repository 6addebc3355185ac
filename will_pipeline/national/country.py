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

from will_pipeline.indicators.specification import LEAST_RESIDENTS, load_specification
from will_pipeline.national.fingerprint import table_fingerprint
from will_pipeline.national.formulas import Formulas, indices, national_formulas, rates
from will_pipeline.national.official import files_of
from will_pipeline.national.partitions import Partition, clear_halted, make_partition
from will_pipeline.national.protection import protected
from will_pipeline.national.seams import links_across

VINTAGE = 2011
PARTITIONS, COUNTS, LATEST = "partizioni", "conteggi.parquet", "ultimo"
README = """Tassi, indici e confini dei comuni e delle aree di censimento d'Italia, 2011

Fonte: ISTAT, 15° Censimento generale della popolazione e delle abitazioni, 2011,
e Basi territoriali, 2011. Elaborazione propria.
Licenza dei dati ISTAT: Creative Commons Attribuzione (CC BY) 3.0 Italia,
https://creativecommons.org/licenses/by/3.0/it/
Chi riusa queste tabelle cita l'ISTAT e dice che sono state elaborate.

I conteggi non sono pubblicati. I tassi sono per cento.
La colonna stato di tassi.parquet dice perché un tasso manca:
- oscurato: l'area ha meno di {least} residenti;
- oscurato_secondario: con il suo tasso se ne ricaverebbe uno oscurato;
- mancante: l'area non ha conteggi.
"""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class National:
    """What a national run made.

    Attributes:
        folder: where the published tables are.
        counts: working file with the counts of every area, not for publication.
        content: fingerprint of all of them.
        partitions: the regions, in order.
        areas: areas with rates.
        links: pairs of areas with a common border.
        notes: what the run has to say, in Italian.
    """

    folder: Path
    counts: Path
    content: str
    partitions: tuple[Partition, ...]
    areas: int
    links: int
    notes: tuple[str, ...]


def formulas_of(vintage: int = VINTAGE) -> Formulas:
    """Rates and indices of a census, from the specification."""
    return national_formulas(load_specification(vintage=vintage))


def run_country(
    folder: Path, output: Path, workshop: Path, *, tell: Tell = lambda _: None
) -> National:
    """Make the tables of the whole country, one region in memory at a time.

    Args:
        folder: official files of every region, as `official.files_of` wants them.
        output: where the published tables go.
        workshop: where counts and partitions go, out of what is published; a run that was halted
            starts again from there.
        tell: is told of every step, in Italian.

    Raises:
        SourceFault: a file is missing or broken.
    """
    formulas = formulas_of()
    regions = files_of(folder)
    clear_halted(workshop / PARTITIONS)
    partitions = []
    for number, region in enumerate(regions, start=1):
        made = make_partition(region, formulas.codes, workshop / PARTITIONS)
        partitions.append(made)
        how = "già pronta" if made.resumed else f"{made.sections} sezioni, {made.areas} aree"
        tell(f"  {number:>2} di {len(regions)}  regione {region.code}: {how}")
    return gather(partitions, formulas, output, workshop)


def gather(
    partitions: Sequence[Partition], formulas: Formulas, output: Path, workshop: Path
) -> National:
    """Make what needs every region: links across regions, rates, indices, and publish.

    The folder of the tables appears by one rename, and the link to the latest one is replaced.
    Indices are made of the published rates alone, so that no hidden one is in their goalposts.

    Args:
        partitions: the regions, in order.
        formulas: rates and indices.
        output: where the published tables go.
        workshop: where the counts go.
    """
    areas = pl.concat([part.scan("areas").collect() for part in partitions]).sort("area_id")
    outer = pl.concat(
        [part.scan("outer").collect().with_columns(region=pl.lit(part.code)) for part in partitions]
    )
    across, touched = links_across(outer)
    inside = pl.concat([part.scan("links").collect() for part in partitions])
    links = pl.concat([inside, across]).sort("area_id", "other_id")
    table = protected(rates(areas, formulas), areas)
    finest = ~areas["pro_com"].is_in(
        areas.filter(pl.col("level") == "A")["pro_com"].unique().implode()
    ) | (areas["level"] == "A")
    tables = {
        "tassi": table,
        "indici": indices(table, formulas, pool=finest),
        "confini_comuni": links,
    }
    contents = {name: table_fingerprint(frame) for name, frame in tables.items()}
    digest = hashlib.sha256(json.dumps(contents, sort_keys=True).encode())
    for part in partitions:
        digest.update(f"{part.code} {json.dumps(part.content, sort_keys=True)}".encode())
    content, notes = digest.hexdigest(), _notes(partitions, touched)
    counts = workshop / COUNTS
    _replace(counts, areas)
    output.mkdir(parents=True, exist_ok=True)
    target = output / f"italia-{content[:16]}"
    if not target.exists():
        _publish(tables, partitions, target, {"impronta": content, "avvisi": list(notes)})
    _point(output / LATEST, target.name)
    _withdraw_counts(output)
    return National(target, counts, content, tuple(partitions), areas.height, links.height, notes)


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
        (beside / "LEGGIMI.txt").write_text(README.format(least=LEAST_RESIDENTS), "utf-8")
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


def _replace(path: Path, frame: pl.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    frame.write_parquet(fresh)
    fresh.replace(path)


def _withdraw_counts(output: Path) -> None:
    """Remove what earlier versions left in the published folder: counts, and partitions of them."""
    old = [table.parent for table in output.glob(f"italia-*/{COUNTS}")]
    for folder in (*old, output / PARTITIONS):
        if folder.is_dir():
            shutil.rmtree(folder)
