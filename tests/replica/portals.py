"""Municipal portals of the replica, each in the protocol of its software.

CKAN and DKAN answer `/api/3/action/*`, GeoServer WFS, Socrata its catalogue and its resources; ids
of Socrata are made up at every start, as those of the real one expire.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import geopandas as gpd
import numpy as np
import polars as pl
import shapely

from tests.replica.formats import delimited
from tests.replica.world import World

PARMA, REGGIO, BERGAMO, MONZA = "034027", "035033", "016024", "108033"
BERGAMO_TITLE = "COMUNE BERGAMO popolazione per quartiere"
MONZA_TITLE = "COMUNE MONZA popolazione per quartiere"
REGISTRY = "/dataset/popolazione-residente-al-1-gennaio-2025/popolazione_2025.csv"
NATIONALITIES = "/dataset/nazionalita/nazionalita-piu-numerose-per-circoscrizione-2013.csv"


class Portals:
    """What the portals answer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._answers: dict[str, Callable[[str, dict[str, str]], bytes | None]] = {
            "parma_portale": self._dkan,
            "reggio_portale": self._ckan,
            "reggio_geoserver": self._wfs,
            "lombardia_portale": self._socrata,
            "socrata_catalogo": self._catalogue,
        }

    def get(self, host: str, path: str, query: str) -> bytes | None:
        """Answer of a portal; none where it has nothing there."""
        given = {name: values[0] for name, values in parse_qs(query).items()}
        answer = self._answers.get(host)
        return None if answer is None else answer(path, given)

    def _dkan(self, path: str, given: dict[str, str]) -> bytes | None:
        if path == REGISTRY:
            return self._registry()
        found = {
            "name": "popolazione-residente-al-1-gennaio-2025",
            "url": REGISTRY,
            "format": "csv",
        }
        return _action(path, given, found)

    def _ckan(self, path: str, given: dict[str, str]) -> bytes | None:
        if path == NATIONALITIES:
            rows = pl.DataFrame(
                {
                    "Nazionalita": ["Albania", "Marocco"],
                    "Citta storica": [210, 180],
                    "Ovest": [340, 415],
                }
            )
            return delimited(rows, encoding="latin-1")
        return _action(path, given, {"name": "nazionalita", "url": NATIONALITIES, "format": "csv"})

    def _registry(self) -> bytes:
        """One row a resident, as Parma publishes it; generated, and only a part of the town."""
        town = self._world.towns.get(PARMA)
        if town is None:
            return b""
        counts = town.sections.select("number", "asc", "P1").gather_every(8)
        names = {area.code: area.name for area in town.place.sub_municipal}
        more = self._world.moved.get(REGISTRY, 0) % 2
        lived = counts.drop_nulls().filter(pl.col("number") < 10**7)
        rows = [
            (names[asc], number, "Italia" if at % 7 else "Albania", at % 90, "MF"[at % 2],
             1 + at % 4, 1, 1)
            for number, asc, persons in lived.iter_rows()
            for at in range(persons + more)
        ]  # fmt: skip
        columns = ["Quartiere", "SEZ21", "Cittad", "ETA", "Sesso", "Ncomp", "Relpar", "Tipores"]
        return delimited(pl.DataFrame(rows, schema=columns, orient="row"))

    def _wfs(self, path: str, given: dict[str, str]) -> bytes | None:
        kind = {name.lower(): value for name, value in given.items()}
        if not path.endswith(("/wfs", "/ows")) or kind.get("service", "").upper() != "WFS":
            return None
        if kind.get("request") == "GetCapabilities":
            return (
                b'<?xml version="1.0" encoding="UTF-8"?>\n<wfs:WFS_Capabilities version="2.0.0" '
                b'xmlns:wfs="http://www.opengis.net/wfs/2.0"><FeatureTypeList><FeatureType>'
                b"<Name>geo_re:AMBITI</Name><Title>Ambiti</Title></FeatureType></FeatureTypeList>"
                b"</wfs:WFS_Capabilities>"
            )
        first, most = int(kind.get("startindex", "0")), int(kind.get("count", "1000"))
        features = self._areas()
        page = features[first : first + most]
        return _json(
            {
                "type": "FeatureCollection",
                "totalFeatures": len(features),
                "numberReturned": len(page),
                "features": page,
            }
        )

    def _areas(self) -> list[dict[str, Any]]:
        """The areas that the census has, joined from the generated sections."""
        town = self._world.towns.get(REGGIO)
        if town is None:
            return []
        drawn = self._world.drawn(town)["asc"].to_list()
        shapes = gpd.GeoSeries(town.polygons(), crs=32632).to_crs(4326)
        features = []
        for area in town.place.sub_municipal:
            mine = [shape for shape, asc in zip(shapes, drawn, strict=True) if asc == area.code]
            whole = shapely.union_all(shapely.set_precision(np.array(mine), 1e-7))
            features.append(
                {"type": "Feature", "id": f"AMBITI.{area.code}", "properties": {"nome": area.name},
                 "geometry": json.loads(shapely.to_geojson(whole))}
            )  # fmt: skip
        return features

    def _identity(self, title: str) -> str:
        digest = hashlib.sha256(f"{title} {id(self)}".encode()).hexdigest()
        return f"{digest[:4]}-{digest[4:8]}"

    def _catalogue(self, path: str, given: dict[str, str]) -> bytes | None:
        if path != "/api/catalog/v1":
            return None
        titles = [BERGAMO_TITLE, MONZA_TITLE, "COMUNE-MONZA-elenco-dataset-pubblicati"]
        words = given.get("q", "").lower().split()
        found = [title for title in titles if all(word in title.lower() for word in words)]
        results = [
            {"resource": {"id": self._identity(title), "name": title, "type": "dataset"},
             "metadata": {"domain": "www.dati.lombardia.it", "license": "CC0 1.0"}}
            for title in found
        ]  # fmt: skip
        return _json({"results": results, "resultSetSize": len(results)})

    def _socrata(self, path: str, given: dict[str, str]) -> bytes | None:
        town = None
        for title, code in ((BERGAMO_TITLE, BERGAMO), (MONZA_TITLE, MONZA)):
            if path == f"/resource/{self._identity(title)}.json":
                town = self._world.towns.get(code)
        if town is None:
            return None
        rows = [
            {"quartiere": f"Area {ace}", "residenti": str(persons), "anno": "2025"}
            for ace, persons in town.sections.group_by("ace")
            .agg(pl.col("P1").sum())
            .sort("ace")
            .iter_rows()
        ]
        first, most = int(given.get("$offset", "0")), int(given.get("$limit", "1000"))
        return _json(rows[first : first + most])


def _action(path: str, given: dict[str, str], resource: dict[str, str]) -> bytes | None:
    """The actions of CKAN, which DKAN answers too."""
    package = resource["url"].split("/")[2]
    if path == "/api/3/action/package_list":
        return _json({"success": True, "result": [package]})
    if path == "/api/3/action/package_show" and given.get("id") == package:
        shown = {"name": package, "license_id": "cc-by", "resources": [resource]}
        return _json({"success": True, "result": shown})
    return None


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()
