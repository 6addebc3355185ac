"""Municipal portals of the replica: found by name, added up in memory, brought to areas by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import polars as pl
import pytest

from tests.replica.portals import Portals
from tests.replica.towns import ROOT, places
from tests.replica.world import World
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform, empty
from will_pipeline.errors import SourceFault
from will_pipeline.geography.portal_areas import (
    own_or_portal,
    portal_boundaries,
    registry_population,
)
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import validate
from will_pipeline.sources.embedding import reader_named
from will_pipeline.sources.online import as_online

SOURCES = load_sources(ROOT / "assets" / "raw")
POPULATIONS = ("bergamo_popolazione", "monza_popolazione", "parma_anagrafe")
TOWNS = ("016024", "034027", "035033", "108033")


class Answers:
    """A portal of the replica, without the network between."""

    def __init__(self, portals: Portals, host: str) -> None:
        self._portals, self._host = portals, host
        self.asked: list[str] = []

    def ask(self, path: str, query: Mapping[str, str] | None = None, *, host: str = "") -> bytes:
        self.asked.append(path)
        body = self._portals.get(host or self._host, path, urlencode(query or {}))
        assert body is not None, path
        return body

    def path_of(self, address: str) -> str:
        return address


@pytest.fixture(scope="module")
def portals() -> Portals:
    return Portals(World([place for place in places() if place.pro_com in TOWNS]))


def gathered(portals: Portals, key: str, **options: Any) -> bytes:
    live = SOURCES[key].live
    assert live is not None
    assert live.gathering is not None
    reader = reader_named(live.gathering.reader, key, "")
    return bytes(reader(Answers(portals, live.host), **{**live.gathering.options, **options}))


def table(portals: Portals, key: str) -> pl.DataFrame:
    source = SOURCES[key]
    assert source.online is not None
    assert source.live is not None
    content = gathered(portals, key)
    made = reader_named(source.online.reader, key, "")(
        {f"{key}.{source.live.extension}": content}, **source.online.options
    )
    return validate(made, as_online(source, source.online))


def areas() -> pl.DataFrame:
    rows = [
        (f"{place.pro_com}.Q{area.code:02d}", place.pro_com, "Q", area.name)
        for place in places()
        for area in place.sub_municipal
    ]
    return pl.DataFrame(rows, schema=["area_id", "pro_com", "level", "name"], orient="row")


@pytest.fixture(scope="module")
def populations(portals: Portals) -> dict[str, pl.DataFrame]:
    return {key: table(portals, key) for key in POPULATIONS}


def test_the_registry_of_parma_leaves_only_counts_by_quartiere_and_age(
    portals: Portals, populations: dict[str, pl.DataFrame]
) -> None:
    parma = populations["parma_anagrafe"]
    text = gathered(portals, "parma_anagrafe").decode()
    assert not {"SEZ21", "Sesso", "Cittad", "Albania"} & set(text.replace("\n", ";").split(";"))
    assert parma["area_name"].n_unique() == 13
    told = parma["persons"].drop_nulls()
    assert told.min() >= 5
    assert set(parma.filter(pl.col("persons").is_null())["status"]) <= {"suppressed"}


def test_portals_of_lombardy_are_found_by_title_and_use_what_they_may(
    portals: Portals, populations: dict[str, pl.DataFrame]
) -> None:
    for key in ("bergamo_popolazione", "monza_popolazione"):
        place = next(each for each in places() if each.pro_com == SOURCES[key].cities[0])
        assert populations[key]["persons"].sum() == sum(
            area.residents for area in place.census_areas
        )
        with pytest.raises(SourceFault, match=r"la licenza 'CC0 1.0': non è fra quelle ammesse"):
            gathered(portals, key, licences=["CC BY 4.0"])
        with pytest.raises(SourceFault, match="niente che si chiami 'scuole'"):
            gathered(portals, key, title="scuole")


def test_residents_of_a_portal_reach_the_areas_of_their_name(
    populations: dict[str, pl.DataFrame],
) -> None:
    none = empty(load_contracts("core")["population_by_age"])
    found = registry_population(areas(), none, populations.values())
    conform(found, load_contracts("core")["registry_population"])
    # A quartiere whose only class is everybody, or with a hidden one, says nothing of ages.
    assert set(found["area_id"].str.head(6)) == {"034027"}
    hidden = populations["parma_anagrafe"].filter(pl.col("persons").is_null())["area_name"]
    assert found["area_id"].n_unique() == 13 - hidden.n_unique()
    own = found.head(1).with_columns(persons=pl.lit(7, pl.Int32))
    assert registry_population(areas(), own, populations.values()).rows() == own.rows()


def test_polygons_of_a_portal_draw_the_areas_of_their_name(portals: Portals) -> None:
    drawn = portal_boundaries(areas(), table(portals, "reggio_aree"), "reggio_aree")
    conform(drawn, load_contracts("core")["portal_boundary"])
    assert drawn["area_id"].to_list() == [f"035033.Q{code:02d}" for code in range(1, 5)]
    surface = next(each for each in places() if each.pro_com == "035033").surface_km2
    assert drawn["surface_km2"].sum() == pytest.approx(surface, rel=0.05)
    none = drawn.clear()
    assert own_or_portal(none, drawn).equals(drawn)
    assert own_or_portal(drawn.head(1), drawn).height == 1


def test_a_layer_without_names_is_refused(portals: Portals) -> None:
    content = json.loads(gathered(portals, "reggio_aree"))
    content["features"][1]["properties"] = {}
    read = reader_named("portal_tables:areas", "reggio_aree", "")
    with pytest.raises(SourceFault, match="elemento 2, campo nome: l'area non ha nome"):
        read(
            {"aree.geojson": json.dumps(content).encode()},
            source="reggio_aree", pro_com="035033", name="nome",
        )  # fmt: skip
