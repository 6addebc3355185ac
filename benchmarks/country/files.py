"""An invented country in the files that ISTAT gives: one archive of counts and one of borders.

Counts are `R??_indicatori_2011_sezioni.csv` (`;`, cp1252) and polygons `R??_11_WGS84.shp`
(EPSG:32632), each in the archive of its region; GeoParquet polygons are an option.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import polars as pl

from benchmarks.country.lattice import SHARES, Borders, Land, country
from benchmarks.country.people import counts, fields

CRS = "EPSG:32632"
HOMELESS = 8_888_881
PROVINCE = 100
"""Municipalities in a province."""
NAMES = {"02": "Valle d’Aosta", "08": "Emilia-Romagna", "04": "Trentino-Alto Adige"}


def write_country(
    folder: Path, *, sections: int, seed: int = 2011, parquet: bool = False
) -> list[str]:
    """Write the files of every region of a country.

    Args:
        folder: where to write.
        sections: how many sections the country has, at least a few hundred.
        seed: of everything that is drawn.
        parquet: polygons in GeoParquet instead of zipped shapefiles.

    Returns:
        Codes of the regions.
    """
    land = country(sections, seed=seed)
    field, borders = fields(land), Borders(land)
    folder.mkdir(parents=True, exist_ok=True)
    for number, code in enumerate(SHARES):
        chosen = np.flatnonzero(land.region == number)
        # Files go by municipality, as ISTAT's do.
        chosen = chosen[np.argsort(land.municipality[chosen], kind="stable")]
        keys = _keys(land, chosen, number)
        people = counts(land, field, chosen, region=number)
        _write_counts(folder, code, keys, people)
        _write_polygons(folder, code, keys, borders.polygons(chosen), parquet=parquet)
    return list(SHARES)


def _keys(land: Land, chosen: np.ndarray, number: int) -> pl.DataFrame:
    """Identifiers of sections: municipalities in provinces, sections numbered inside each."""
    town = land.municipality[chosen]
    inside = town - town.min()
    province = 5 * number + 1 + inside // (PROVINCE * 5)
    pro_com = province * 1_000 + inside % (PROVINCE * 5) + 1
    frame = pl.DataFrame(
        {"PRO_COM": pro_com, "ACE": np.where(land.area[chosen] < 0, 0, land.area[chosen] + 1)}
    )
    return frame.with_columns(
        NSEZ=pl.int_range(1, pl.len() + 1).over("PRO_COM"), COD_REG=pl.lit(number + 1)
    ).with_columns(SEZ2011=pl.col("PRO_COM") * 10_000_000 + pl.col("NSEZ"))


def _write_counts(folder: Path, code: str, keys: pl.DataFrame, people: pl.DataFrame) -> None:
    name = NAMES.get(code, f"Regione {code}")
    town = pl.col("PRO_COM")
    table = keys.select(
        CODREG=pl.col("COD_REG"),
        REGIONE=pl.lit(name),
        CODPRO=town // 1_000,
        PROVINCIA=pl.format("Provincia {}", town // 1_000),
        CODCOM=town % 1_000,
        COMUNE=pl.format("Città {}", town),
        PROCOM=town,
        SEZ2011="SEZ2011",
        NSEZ="NSEZ",
        ACE="ACE",
        CODLOC=pl.lit(10_001),
        CODASC=pl.lit(None, dtype=pl.Int64),
    ).hstack(people)
    table = table.filter(pl.col("P1") > 0)
    # People without a home are counted where no polygon is.
    largest = table.group_by("PROCOM").len().sort("len", "PROCOM")["PROCOM"][-1]
    homeless = (
        table.filter(pl.col("PROCOM") == largest)
        .head(1)
        .with_columns(
            NSEZ=pl.lit(HOMELESS, dtype=pl.Int64),
            SEZ2011=pl.col("PROCOM") * 10_000_000 + HOMELESS,
            ACE=pl.lit(None, dtype=pl.Int64),
        )
    )
    text = pl.concat([table, homeless.select(table.columns)]).write_csv(
        separator=";", line_terminator="\r\n"
    )
    with zipfile.ZipFile(
        folder / f"R{code}_indicatori_2011_sezioni.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as archive:
        # A fixed date: the same country is the same bytes.
        entry = zipfile.ZipInfo(f"Sezioni di Censimento/R{code}_indicatori_2011_sezioni.csv")
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, text.encode("cp1252"), compresslevel=1)


def _write_polygons(
    folder: Path, code: str, keys: pl.DataFrame, shapes: np.ndarray, *, parquet: bool
) -> None:
    table = keys.select(
        "COD_REG",
        pl.col("PRO_COM").cast(pl.Int32),
        pl.col("SEZ2011").cast(pl.Float64),
        SEZ=pl.col("NSEZ").cast(pl.Int32),
        TIPO_LOC=pl.lit(1, dtype=pl.Int32),
        COM_ASC=pl.lit(0, dtype=pl.Int32),
        ACE=pl.col("ACE").cast(pl.Int32),
    )
    frame = gpd.GeoDataFrame(table.to_pandas(), geometry=shapes, crs=CRS)
    frame["Shape_Leng"], frame["Shape_Area"] = frame.length, frame.area
    name = f"R{code}_11_WGS84"
    if parquet:
        frame.to_parquet(folder / f"{name}.parquet")
        return
    with TemporaryDirectory(dir=folder) as beside:
        frame.to_file(Path(beside) / f"{name}.shp", encoding="UTF-8")
        with zipfile.ZipFile(
            folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1
        ) as archive:
            for part in sorted(Path(beside).iterdir()):
                entry = zipfile.ZipInfo(part.name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, part.read_bytes(), compresslevel=1)
