"""Rows of `controllo`: what was checked on this content and what was seen.

Findings of the contracts and checks that span tables become Italian sentences here; whether they
stop a publication follows from their gravity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from will_pipeline.contracts.validation import Finding
from will_pipeline.italian import number

ERROR, WARNING = "errore", "avviso"
HALF_A_DECIMAL, SLACK = 0.05, 1e-6
"""Persons are published with one decimal: each rounding moves a sum by half of it at most."""
PLACES_NAMED = 3


def control_rows(
    tables: Mapping[str, pl.DataFrame],
    findings: Iterable[Finding],
    impossible: pl.DataFrame,
    unavailable: pl.DataFrame,
) -> pl.DataFrame:
    """Rows of `controllo`.

    Args:
        tables: published tables by name.
        findings: outcome of the contracts' rules.
        impossible: counts that contradict a definition: `indicatore_id`, `area_id`,
            `numeratore`, `denominatore`.
        unavailable: indicators that the figures in use cannot give: `indicatore_id`, `motivo`.

    Returns:
        One row per control and object.
    """
    rows = [
        _row(finding.rule, finding.table, finding.passed, finding.message, value=finding.rows)
        for finding in findings
    ]
    rows += _residents(tables["dim_area"])
    rows += _every_need_everywhere(tables)
    rows += _persons_add_up(tables)
    rows += _persons_everywhere(tables, unavailable)
    rows += _basins_complete(tables)
    rows += _basins_heavy_enough(tables)
    rows += _persons_as_published(tables)
    rows += _available(unavailable)
    rows += _impossible(impossible)
    rows += _places_inside(tables["presidio"])
    return pl.DataFrame(rows, infer_schema_length=None)


def _row(
    control: str,
    subject: str,
    passed: bool,
    message: str,
    *,
    value: float | None = None,
    threshold: float | None = 0.0,
    gravity: str = ERROR,
) -> dict[str, object]:
    return {
        "controllo": control,
        "oggetto": subject,
        "esito": "superato" if passed else "fallito",
        "gravita": gravity,
        "messaggio": message,
        "valore": None if value is None else float(value),
        "soglia": threshold,
    }


def _residents(areas: pl.DataFrame) -> list[dict[str, object]]:
    whole = areas.filter(pl.col("livello") == "C").select("pro_com", city="popolazione")
    parts = (
        areas.filter(pl.col("livello") != "C")
        .group_by("pro_com", "livello")
        .agg(parts=pl.col("popolazione").sum())
        .join(whole, on="pro_com")
        .sort("pro_com", "livello")
    )
    return [
        _row(
            "somma_residenti",
            f"{row['pro_com']}.{row['livello']}",
            row["parts"] == row["city"],
            f"Le aree di livello {row['livello']} contano {row['parts']} residenti, "
            f"il comune {row['city']}.",
            value=row["parts"] - row["city"],
        )
        for row in parts.iter_rows(named=True)
    ]


def _every_need_everywhere(tables: Mapping[str, pl.DataFrame]) -> list[dict[str, object]]:
    ranked = tables["dim_area"].filter("in_graduatoria").select("area_id")
    found = tables["fatto_indice"]
    rows = []
    for theme in tables["dim_dimensione"].sort("ordine")["dimensione"]:
        without = ranked.join(
            found.filter(pl.col("dimensione") == theme), on="area_id", how="anti"
        ).height
        rows.append(
            _row(
                "indice_in_ogni_area",
                theme,
                without == 0,
                f"Aree in graduatoria senza indice: {without} su {ranked.height}.",
                value=without,
                gravity=WARNING,
            )
        )
    return rows


def _persons(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    return (
        tables["dim_indicatore"]
        .filter((pl.col("ruolo") == "persone") & (pl.col("unita") != "%"))
        .select("indicatore_id")
        .sort("indicatore_id")
    )


def _persons_everywhere(
    tables: Mapping[str, pl.DataFrame], unavailable: pl.DataFrame
) -> list[dict[str, object]]:
    expected = _persons(tables).join(unavailable, on="indicatore_id", how="anti")
    ranked = tables["dim_area"].filter("in_graduatoria").select("area_id")
    valid = tables["fatto_indicatore"].filter(pl.col("stato") == "valido")
    rows = []
    for name in expected["indicatore_id"]:
        found = valid.filter(pl.col("indicatore_id") == name)
        without = ranked.join(found, on="area_id", how="anti").height
        rows.append(
            _row(
                "persone_in_ogni_area",
                name,
                without == 0,
                f"Aree in graduatoria senza persone stimate: {without} su {ranked.height}.",
                value=without,
                gravity=WARNING,
            )
        )
    return rows


def _persons_add_up(tables: Mapping[str, pl.DataFrame]) -> list[dict[str, object]]:
    """Whether expected persons of the areas make the city's, where every area is published."""
    facts = (
        tables["fatto_indicatore"]
        .join(_persons(tables), on="indicatore_id", how="semi")
        .join(tables["dim_area"].select("area_id", "pro_com", "livello"), on="area_id")
    )
    known = facts.group_by("indicatore_id", "pro_com", "livello").agg(
        added=pl.col("valore").sum(),
        city=pl.col("valore_comune").first(),
        areas=pl.len(),
        whole=(pl.col("valore").is_not_null() & pl.col("denominatore").is_not_null()).all(),
    )
    rows = []
    for row in known.filter("whole", pl.col("livello") != "C").sort(pl.all()).iter_rows(named=True):
        gap, limit = abs(row["added"] - row["city"]), HALF_A_DECIMAL * (row["areas"] + 1)
        rows.append(
            _row(
                "somma_persone",
                f"{row['indicatore_id']} in {row['pro_com']}.{row['livello']}",
                gap <= limit + SLACK,
                f"Le aree di livello {row['livello']} sommano {number(row['added'], 1)} "
                "persone stimate, "
                f"il comune {number(row['city'], 1)}: la differenza è di solo arrotondamento.",
                value=gap,
                threshold=limit,
            )
        )
    return rows


def _persons_by_theme(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Published persons of every area: `area_id`, `dimensione`, `anno`, `valore`."""
    themes = tables["dim_indicatore"].select("indicatore_id", "dimensione")
    return (
        tables["fatto_indicatore"]
        .join(_persons(tables), on="indicatore_id", how="semi")
        .join(themes, on="indicatore_id")
        .select("area_id", "dimensione", "anno", "valore")
    )


def _basins_complete(tables: Mapping[str, pl.DataFrame]) -> list[dict[str, object]]:
    """Whether every area of the finest level with persons is in one basin, theme by theme."""
    areas = (
        tables["dim_area"].filter(pl.col("livello") != "C").select("area_id", "pro_com", "livello")
    )
    # Q comes after A: neighbourhoods where a city has them.
    finest = areas.filter(pl.col("livello") == pl.col("livello").max().over("pro_com"))
    known = _persons_by_theme(tables).drop_nulls("valore").join(finest, on="area_id")
    themes = tables["bacino"].select("bacino_id", "dimensione")
    placed = tables["bacino_area"].join(themes, on="bacino_id")
    found = finest.join(known.select("pro_com", "dimensione").unique(), on="pro_com").join(
        placed.group_by("area_id", "dimensione").agg(times=pl.len()),
        on=["area_id", "dimensione"],
        how="left",
    )
    rows = []
    for theme in tables["dim_dimensione"].sort("ordine")["dimensione"]:
        own = found.filter(pl.col("dimensione") == theme)
        wrong = own.filter(pl.col("times").fill_null(0) != 1).height
        told = f"Aree che non stanno in un solo bacino: {wrong} su {own.height}."
        if own.is_empty():
            told = "Nessun bacino: le persone non si stimano sulle cifre in uso."
        rows.append(_row("bacini_completi", theme, wrong == 0, told, value=wrong))
    return rows


def _basins_heavy_enough(tables: Mapping[str, pl.DataFrame]) -> list[dict[str, object]]:
    light = tables["bacino"].filter(pl.col("persone_attese") < pl.col("soglia"))
    below = dict(light.group_by("dimensione").len().iter_rows())
    return [
        _row(
            "bacini_sopra_soglia",
            theme,
            theme not in below,
            f"Città che anche tutte intere restano sotto la soglia: {below.get(theme, 0)}.",
            value=below.get(theme, 0),
            gravity=WARNING,
        )
        for theme in tables["dim_dimensione"].sort("ordine")["dimensione"]
    ]


def _persons_as_published(tables: Mapping[str, pl.DataFrame]) -> list[dict[str, object]]:
    """Whether basins and latent need start from the persons of `fatto_indicatore`, to the digit."""
    basins = tables["bacino"].select("bacino_id", "dimensione", "anno")
    key = ["area_id", "dimensione", "anno"]
    used = {
        "bacino_area": tables["bacino_area"]
        .join(basins, on="bacino_id")
        .select(*key, used="persone_attese"),
        "bisogno_latente": tables["bisogno_latente"].select(*key, used="attesi"),
    }
    facts = _persons_by_theme(tables)
    rows = []
    for table, persons in used.items():
        compared = persons.join(facts, on=key, how="left")
        wrong = compared.filter(pl.col("used").ne_missing(pl.col("valore"))).height
        told = f"Righe con persone attese diverse da fatto_indicatore: {wrong} su {persons.height}."
        rows.append(_row("persone_come_nei_fatti", table, wrong == 0, told, value=wrong))
    return rows


def _available(unavailable: pl.DataFrame) -> list[dict[str, object]]:
    if unavailable.is_empty():
        return [
            _row(
                "indicatore_disponibile",
                "tutti gli indicatori",
                True,
                "Le cifre in uso danno tutti gli indicatori.",
                value=0,
                gravity=WARNING,
            )
        ]
    return [
        _row(
            "indicatore_disponibile",
            row["indicatore_id"],
            False,
            f"Non disponibile, mai zero: {row['motivo']}.",
            gravity=WARNING,
        )
        for row in unavailable.sort("indicatore_id").iter_rows(named=True)
    ]


def _impossible(impossible: pl.DataFrame) -> list[dict[str, object]]:
    if impossible.is_empty():
        return [
            _row(
                "conteggi_possibili",
                "tutti gli indicatori",
                True,
                "Nessun conteggio contraddice la definizione del suo indicatore.",
                value=0,
                gravity=WARNING,
            )
        ]
    return [
        _row(
            "conteggi_possibili",
            f"{row['indicatore_id']} in {row['area_id']}",
            False,
            "Il numeratore supera il denominatore o è negativo: il valore non si pubblica "
            "e va verificato con la fonte.",
            value=row["numeratore"],
            threshold=row["denominatore"],
            gravity=WARNING,
        )
        for row in impossible.iter_rows(named=True)
    ]


def _places_inside(places: pl.DataFrame) -> list[dict[str, object]]:
    """Places whose coordinates say something else than their municipality does."""
    rows = []
    for control, position, told in (
        ("presidi_nelle_aree", "fuori_da_ogni_area", "cadono fuori da ogni area del comune"),
        (
            "presidi_concordi",
            "area_indicata_discorde",
            "cadono in un'altra area da quella indicata, che resta",
        ),
    ):
        for (city,), group in places.sort("presidio_id").group_by("pro_com", maintain_order=True):
            odd = group.filter(pl.col("posizione") == position)
            named = "; ".join(odd["nome"].head(PLACES_NAMED).to_list())
            rows.append(
                _row(
                    control,
                    str(city),
                    odd.is_empty(),
                    f"Presìdi le cui coordinate {told}: {odd.height} su {group.height}"
                    + (f", per esempio {named}." if named else "."),
                    value=odd.height,
                    gravity=WARNING,
                )
            )
    return rows
