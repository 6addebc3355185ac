"""The files that the invented municipality hands in: their numbers, and how they are written.

What the numbers hide on purpose (who is followed, which measure worked) is declared here, so that
whoever reads the results can tell whether the pipeline found it; the texts are in `testimony`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from will_pipeline.example.population import population
from will_pipeline.example.residents import residents
from will_pipeline.example.shapes import place_near
from will_pipeline.example.testimony import PLACES, VOICES
from will_pipeline.example.towns import BORGO, SEED, Town

CONDITIONS = {"giovani": "neet", "solitudine": "isolated", "mobilita": "unskilled"}
"""Which condition of the invented residents each need speaks of."""
YEARS_OF_SERVICE = (2023, 2024, 2025)
GROWTH = (0.85, 0.92, 1.0)
TOO_SMALL = 12
"""The neighbourhood of 180 residents: counts there would let somebody be recognised."""
COVERAGE: Mapping[str, Mapping[int, float]] = {
    "giovani": {
        1: 0.22, 2: 0.12, 3: 0.38, 4: 0.10, 5: 0.20, 6: 0.18, 7: 0.18, 8: 0.16, 9: 0.15, 10: 0.13,
        11: 0.04,
    },
    "solitudine": {
        1: 0.24, 2: 0.20, 3: 0.14, 4: 0.12, 5: 0.25, 6: 1.15, 7: 0.16, 8: 0.22, 9: 0.23, 10: 0.07,
        11: 0.10,
    },
    "mobilita": {
        1: 0.22, 2: 0.24, 3: 0.26, 4: 0.12, 5: 0.20, 6: 0.21, 7: 0.16, 8: 0.18, 9: 0.19, 10: 0.10,
        11: 0.08,
    },
}  # fmt: skip
"""Share of the residents in the condition whom services follow: what latent need should find."""


@dataclass(frozen=True)
class Measure:
    """A measure whose effect is known, because it was made up.

    Attributes:
        code: code in the files.
        title: title in Italian.
        theme: need that it answers.
        outcome: what is measured.
        unit: unit of measure.
        start: first year with the measure.
        treated: neighbourhoods where it started; the others are of comparison.
        level: usual outcome.
        slope: how much the outcome grows with the hardship of a neighbourhood.
        trend: change of the outcome in a year, everywhere.
        effect: change of the outcome where and when the measure is there.
    """

    code: str
    title: str
    theme: str
    outcome: str
    unit: str
    start: int
    treated: tuple[int, ...]
    level: float
    slope: float
    trend: float
    effect: float


MEASURES = (
    Measure(
        "doposcuola", "Doposcuola di quartiere", "mobilita", "Abbandoni scolastici",
        "per mille studenti", 2021, (1, 3, 7, 9), 42.0, 11.0, -0.6, -9.0,
    ),
    Measure(
        "telefono", "Telefono di quartiere", "solitudine", "Ricoveri evitabili",
        "per mille residenti di 65 anni e più", 2021, (2, 4, 6, 10), 55.0, 4.0, 0.4, 0.0,
    ),
)  # fmt: skip
OUTCOME_YEARS = tuple(range(2016, 2026))
OUTCOME_ERROR = 1.4
EXERCISES = (
    ("educatori", "Ore di educatori di strada", "giovani", "ore alla settimana", "proporzionale",
     240, 6, (70, 50, 30, 20, 25, 15, 10, 10, 5, 5, 0)),
    ("visite", "Visite a casa degli anziani", "solitudine", "visite alla settimana", "max_min",
     300, 10, (60, 20, 20, 15, 45, 70, 20, 15, 20, 10, 5)),
    ("doposcuola", "Posti di doposcuola", "mobilita", "posti", "lineare",
     180, 5, (40, 30, 25, 15, 20, 10, 10, 15, 10, 5, 0)),
)  # fmt: skip

Table = pl.DataFrame


def deliveries() -> dict[str, Table]:
    """Make every file of the invented municipality.

    Returns:
        Tables by file name, with the columns of the templates; always the same.
    """
    return {
        "utenti_servizi.csv": service_users(BORGO),
        "presidi.csv": places(BORGO),
        "voce_tavolo.csv": statements(),
        "misure.elenco.csv": _measures(),
        "misure.aree.csv": _measure_areas(BORGO),
        "misure.serie.csv": measure_series(BORGO),
        "ripartizione.esercizi.csv": _exercises(),
        "ripartizione.aree.csv": _exercise_areas(BORGO),
        "popolazione_eta.csv": ages(BORGO),
    }


def write_deliveries(folder: Path) -> None:
    """Write every file into `<folder>/<slug of the town>/`."""
    home = folder / BORGO.slug
    home.mkdir(parents=True, exist_ok=True)
    for name, table in deliveries().items():
        (home / name).write_bytes(as_csv(table))


def as_csv(table: Table) -> bytes:
    """Write a table as an Italian spreadsheet would: semicolons, decimal commas, day first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.iter_rows())
    return buffer.getvalue().encode()


def in_need(town: Town) -> pl.DataFrame:
    """Residents truly in each condition: `code`, `theme`, `exposed`, `persons`.

    No file holds them; they are what estimates can be held against.
    """
    age = pl.col("age")
    exposed = {
        "giovani": age.is_between(15, 29),
        "solitudine": age >= 65,
        "mobilita": age.is_between(10, 14),
    }
    people = residents(town)
    return pl.concat(
        [
            people.group_by("code").agg(
                theme=pl.lit(theme),
                exposed=exposed[theme].sum().cast(pl.Int64),
                persons=pl.col(condition).sum().cast(pl.Int64),
            )
            for theme, condition in CONDITIONS.items()
        ]
    ).sort("theme", "code")


def service_users(town: Town) -> Table:
    """Persons followed by services: a known share of those in need, one by one."""
    generator = np.random.default_rng([SEED, int(town.pro_com), 3])
    rows = []
    for code, theme, _, persons in in_need(town).iter_rows():
        if code == TOO_SMALL:
            continue
        for year, growth in zip(YEARS_OF_SERVICE, GROWTH, strict=True):
            share = growth * COVERAGE[theme][code]
            # A share above one is that of persons whom the census places elsewhere.
            followed = (generator.random(persons) < share).sum() + persons * max(0.0, share - 1)
            rows.append((_area(code), theme, year, round(float(followed))))
    return pl.DataFrame(rows, schema=["area", "bisogno", "anno", "utenti"], orient="row")


def places(town: Town) -> Table:
    """Places of the town; one stands outside every area, one has only its area."""
    rows = []
    for number, place in enumerate(PLACES, start=1):
        neighbourhood = town.neighbourhoods[place.neighbourhood - 1]
        lon, lat = place_near(neighbourhood, place.east_km, place.north_km)
        placed = (None, lon, lat) if place.surveyed else (_area(neighbourhood.code), None, None)
        rows.append(
            (f"P{number:02d}", place.name, place.kind, place.owner, placed[0], None, *placed[1:],
             place.verified)
        )  # fmt: skip
    columns = [
        "codice", "nome", "tipo", "ente", "area", "indirizzo", "lon", "lat", "verificato_il"
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


def statements() -> Table:
    """What the tables said."""
    rows = [
        (f"V{number:02d}", _area(voice.neighbourhood), voice.theme, voice.day, voice.actor,
         voice.outcome, voice.summary, voice.resource)
        for number, voice in enumerate(VOICES, start=1)
    ]  # fmt: skip
    columns = [
        "codice", "area", "bisogno", "data_tavolo", "attore", "esito", "sintesi", "risorsa"
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


def measure_series(town: Town) -> Table:
    """Outcome of every measure: level of the area, common trend, planted effect and error."""
    generator = np.random.default_rng([SEED, int(town.pro_com), 4])
    rows = []
    for measure in MEASURES:
        for place in town.neighbourhoods:
            if place.code == TOO_SMALL:
                continue
            usual = measure.level + measure.slope * place.hardship + 2 * generator.standard_normal()
            for year in OUTCOME_YEARS:
                on = place.code in measure.treated and year >= measure.start
                value = usual + measure.trend * (year - OUTCOME_YEARS[0]) + measure.effect * on
                value += OUTCOME_ERROR * generator.standard_normal()
                rows.append((measure.code, _area(place.code), year, round(float(value), 1)))
    return pl.DataFrame(rows, schema=["misura", "area", "anno", "valore"], orient="row")


def ages(town: Town) -> Table:
    """Residents by age, as the registry would hand them in."""
    return population(town).select(
        area=pl.format("Q{}", pl.col("code").cast(pl.String).str.zfill(2)),
        anno="year",
        sesso="sex",
        eta_da="age_from",
        eta_a="age_to",
        residenti="persons",
    )


def _measures() -> Table:
    rows = [
        (each.code, each.title, each.theme, each.outcome, each.unit, "peggio", each.start)
        for each in MEASURES
    ]
    columns = ["misura", "titolo", "bisogno", "esito", "unita", "valore_alto", "anno_inizio"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _measure_areas(town: Town) -> Table:
    rows = [
        (measure.code, _area(place.code), place.code in measure.treated)
        for measure in MEASURES
        for place in town.neighbourhoods
        if place.code != TOO_SMALL
    ]
    return pl.DataFrame(rows, schema=["misura", "area", "con_misura"], orient="row")


def _exercises() -> Table:
    columns = ["esercizio", "titolo", "bisogno", "unita", "regola", "totale", "minimo_per_area"]
    return pl.DataFrame([row[:7] for row in EXERCISES], schema=columns, orient="row")


def _exercise_areas(town: Town) -> Table:
    asked = [place.code for place in town.neighbourhoods if place.code != TOO_SMALL]
    rows = [
        (exercise[0], _area(code), today)
        for exercise in EXERCISES
        for code, today in zip(asked, exercise[7], strict=True)
    ]
    return pl.DataFrame(rows, schema=["esercizio", "area", "oggi"], orient="row")


def _area(code: int) -> str:
    return f"Q{code:02d}"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "sì" if value else "no"
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, float):
        return f"{value}".replace(".", ",")
    return str(value)
