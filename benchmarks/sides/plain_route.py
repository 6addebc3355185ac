"""The country as a competent analyst would do it with pandas and geopandas, with or without PySAL.

Runs in an environment of its own and knows nothing of the library.

Run: python plain_route.py COUNTRY OUTPUT FORMULAS [--pysal] [--coverage]
"""

import argparse
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

LEAST_RESIDENTS = 250
KEYS = ["PROCOM", "SEZ2011", "ACE"]


def counts(folder: Path, codes: list[str]) -> pd.DataFrame:
    parts = [
        pd.read_csv(path, sep=";", encoding="cp1252", usecols=[*KEYS, *codes])
        for path in sorted(folder.glob("R*_sezioni.zip"))
    ]
    return pd.concat(parts, ignore_index=True)


def polygons(folder: Path) -> gpd.GeoDataFrame:
    parts = []
    for path in sorted(folder.glob("R*_WGS84.zip")):
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".shp"))
        columns = ["PRO_COM", "SEZ2011", "ACE"]
        parts.append(gpd.read_file(f"/vsizip/{path}/{name}", columns=columns))
    return pd.concat(parts, ignore_index=True)


def named(town: pd.Series, area: pd.Series, divided: np.ndarray) -> pd.Series:
    town = town.astype(int)
    code = town.astype(str).str.zfill(6)
    inside = code + ".A" + area.fillna(0).astype(int).astype(str).str.zfill(2)
    return inside.where(town.isin(divided), code + ".C")


def summed(table: pd.DataFrame, codes: list[str], divided: np.ndarray) -> pd.DataFrame:
    real = table[table["SEZ2011"] % 10_000_000 < 8_888_881]
    real = real[real["PROCOM"].isin(divided)]
    below = real.groupby(named(real["PROCOM"], real["ACE"], divided))[codes].sum()
    whole = table.groupby(table["PROCOM"].astype(str).str.zfill(6) + ".C")[codes].sum()
    return pd.concat([below, whole]).sort_index()


def rates(areas: pd.DataFrame, formulas: list[dict]) -> pd.DataFrame:
    found = {}
    for formula in formulas:
        top, base = areas.eval(formula["numerator"]), areas.eval(formula["denominator"])
        value = 100.0 * top / base.where(base > 0)
        found[formula["name"]] = value.where((areas["P1"] >= LEAST_RESIDENTS) & (top >= 0))
    return pd.DataFrame(found, index=areas.index)


def links(leaves: gpd.GeoDataFrame, *, pysal: bool) -> pd.DataFrame:
    if pysal:
        from libpysal.graph import Graph  # noqa: PLC0415  # one of the two sides has it

        pairs = Graph.build_contiguity(leaves, rook=True).adjacency.reset_index()
        first, second = pairs["focal"], pairs["neighbor"]
    else:
        joined = gpd.sjoin(leaves, leaves, predicate="touches")
        right = next(name for name in joined.columns if name.endswith("_right"))
        first, second = pd.Series(joined.index), joined[right].reset_index(drop=True)
    chosen = (first < second).to_numpy()
    one, other = first[chosen].to_numpy(), second[chosen].to_numpy()
    lines = leaves.geometry.boundary
    here = gpd.GeoSeries(lines.loc[one].to_numpy())
    there = gpd.GeoSeries(lines.loc[other].to_numpy())
    metres = here.intersection(there).length.to_numpy()
    table = pd.DataFrame({"area_id": one, "other_id": other, "metres": metres})
    return table[table["metres"] > 0].sort_values(["area_id", "other_id"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("country", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("formulas", type=Path)
    parser.add_argument("--pysal", action="store_true")
    parser.add_argument("--coverage", action="store_true")
    options = parser.parse_args()
    asked = json.loads(options.formulas.read_text())
    table, drawn = counts(options.country, asked["codes"]), polygons(options.country)
    divided = np.unique(table.loc[table["ACE"] > 0, "PROCOM"])
    drawn["area_id"] = named(drawn["PRO_COM"], drawn["ACE"], divided)
    how = "coverage" if options.coverage else "unary"
    leaves = drawn[["area_id", "geometry"]].dissolve(by="area_id", method=how)
    below = leaves[leaves.index.str.contains(".A", regex=False)]
    towns = below.dissolve(by=below.index.str[:6] + ".C", method=how)
    outlines = pd.concat([leaves, towns]).sort_index()
    options.output.mkdir(parents=True, exist_ok=True)
    surfaces = pd.DataFrame(
        {"surface_km2": outlines.area / 1e6, "perimeter_km": outlines.length / 1e3},
        index=outlines.index,
    )
    surfaces.rename_axis("area_id").reset_index().to_parquet(options.output / "surfaces.parquet")
    areas = summed(table, asked["codes"], divided)
    made = rates(areas, asked["rates"]).rename_axis("area_id").reset_index()
    made.to_parquet(options.output / "rates.parquet")
    found = links(leaves, pysal=options.pysal)
    found.to_parquet(options.output / "links.parquet", index=False)


if __name__ == "__main__":
    main()
