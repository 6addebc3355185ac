"""What an area page says beyond the indices: persons, basins, places, voices, twins, scenario.

Rows of the mart become records here; what they mean in words stands in the templates and in
`words`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from will_pipeline.atlas.model import Kept, Row

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "bisogno_latente": (
        "area_id", "dimensione", "anno", "attesi", "attesi_inf", "attesi_sup", "stato_attesi",
        "serviti", "anno_serviti", "latenti", "latenti_inf", "latenti_sup", "eccedenza",
        "stato_copertura",
    ),
    "bacino": (
        "bacino_id", "dimensione", "nome", "persone_attese", "persone_inf", "persone_sup",
        "soglia", "contiguo", "n_aree", "aree_senza_numero", "nota",
    ),
    "bacino_area": ("bacino_id", "area_id"),
    "accesso_presidi": (
        "area_id", "tipo", "numero", "per_mille", "distanza_media_m", "non_collocati", "stato",
        "motivo", "fonte_id",
    ),
    "voce_territorio": (
        "voce_id", "area_id", "dimensione", "data_tavolo", "tipo_attore", "esito", "sintesi",
        "risorsa_indicata",
    ),
    "area_simile": ("area_id", "simile_id", "posto", "tratti_comuni", "indicatori_usati"),
    "proiezione": (
        "area_id", "dimensione", "anno", "anno_base", "persone", "inf", "sup", "stato", "motivo",
        "nota",
    ),
    "valutazione": ("pro_com", "misura", "lettura"),
    "ripartizione": ("pro_com", "titolo", "lettura"),
}  # fmt: skip
MOST_TWINS = 5
DELIVERY = re.compile(r"consegna_(?P<kind>\w+)_(?P<town>\d{6})")
"""Identifier of the source of a delivery: its kind and the municipality that made it."""


@dataclass(frozen=True, slots=True)
class Collective:
    """What is told of one area; every row is a row of the table it is named after.

    Attributes:
        persons: rows of `bisogno_latente` whose expected persons are published.
        withheld: needs whose persons are not published, with their state.
        basins: rows of `bacino` that the area belongs to.
        places: rows of `accesso_presidi` with a number above zero.
        absent: rows of `accesso_presidi` whose number is zero.
        unplaced: rows of `accesso_presidi` without one.
        voices: rows of `voce_territorio`, the latest first.
        twins: rows of `area_simile`, nearest first.
        scenario: rows of `proiezione` with a number.
        no_scenario: why there is no scenario: each reason once, with the needs it is about (none
            where it is about all of them).
    """

    persons: tuple[Row, ...]
    withheld: tuple[Row, ...]
    basins: tuple[Row, ...]
    places: tuple[Row, ...]
    absent: tuple[Row, ...]
    unplaced: tuple[Row, ...]
    voices: tuple[Row, ...]
    twins: tuple[Row, ...]
    scenario: tuple[Row, ...]
    no_scenario: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Actions:
    """What the city asked of the figures: evaluations of measures and exercises of allocation."""

    evaluations: tuple[Row, ...]
    allocations: tuple[Row, ...]


class CollectiveTables:
    """The tables by area and by city.

    Args:
        tables: tables of the mart, with at least the columns of `REQUIRED`.
        themes: needs in order of presentation.
    """

    def __init__(self, tables: Mapping[str, pl.DataFrame], themes: Sequence[str]) -> None:
        order = {theme: place for place, theme in enumerate(themes)}
        by_need = pl.col("dimensione").replace_strict(order, default=len(order)).alias("_ordine")
        basins = (
            tables["bacino_area"]
            .select("bacino_id", "area_id")
            .join(tables["bacino"], on="bacino_id")
        )
        self._persons = _by(tables["bisogno_latente"].sort(by_need, "anno"), "area_id")
        self._basins = _by(basins.sort(by_need, "bacino_id"), "area_id")
        self._places = _by(tables["accesso_presidi"].sort("tipo"), "area_id")
        voices = tables["voce_territorio"].sort("data_tavolo", "voce_id", descending=[True, False])
        self._voices = _by(voices, "area_id")
        self._twins = _by(tables["area_simile"].sort("posto", "simile_id"), "area_id")
        self._scenario = _by(tables["proiezione"].sort(by_need, "anno"), "area_id")
        self._evaluations = _by(tables["valutazione"].sort("misura"), "pro_com")
        self._allocations = _by(tables["ripartizione"].sort("titolo"), "pro_com")

    def area(self, area_id: str) -> Collective:
        """What is told of one area."""
        persons, places = self._persons[area_id], self._places[area_id]
        scenario = self._scenario[area_id]
        return Collective(
            persons=tuple(row for row in persons if row["attesi"] is not None),
            withheld=tuple(row for row in persons if row["attesi"] is None),
            basins=tuple(self._basins[area_id]),
            places=tuple(row for row in places if row["numero"]),
            absent=tuple(row for row in places if row["numero"] == 0),
            unplaced=tuple(row for row in places if row["numero"] is None),
            voices=tuple(self._voices[area_id]),
            twins=tuple(self._twins[area_id][:MOST_TWINS]),
            scenario=tuple(row for row in scenario if row["persone"] is not None),
            no_scenario=_reasons(scenario),
        )

    def city(self, pro_com: str) -> Actions:
        """What one city asked of the figures."""
        return Actions(tuple(self._evaluations[pro_com]), tuple(self._allocations[pro_com]))


def kept_sources(sources: Mapping[str, Row], pro_com: str, used: Iterable[Row]) -> tuple[Kept, ...]:
    """Sources in use although their latest file was not good.

    Args:
        sources: rows of dim_fonte by identifier, in order of presentation.
        pro_com: municipality, whose own deliveries always count.
        used: rows shown, with their `fonte_id`.
    """
    named = {str(row["fonte_id"]) for row in used}
    found = []
    for key, row in sources.items():
        delivered = DELIVERY.fullmatch(key)
        if row["aggiornata"]:
            continue
        if delivered is not None and delivered["town"] == pro_com:
            found.append(Kept(delivered["kind"], row))
        elif delivered is None and key in named:
            found.append(Kept("fonte", row))
    return tuple(found)


def _by(table: pl.DataFrame, key: str) -> defaultdict[str, list[Row]]:
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in table.iter_rows(named=True):
        rows[str(row[key])].append(row)
    return rows


def _reasons(scenario: Sequence[Row]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    every = {str(row["dimensione"]) for row in scenario}
    needs: dict[str, dict[str, None]] = {}
    for row in scenario:
        if row["motivo"] is not None:
            needs.setdefault(str(row["motivo"]), {})[str(row["dimensione"])] = None
    return tuple(
        (reason, () if set(about) == every else tuple(about)) for reason, about in needs.items()
    )
