"""A good delivery of every kind for an invented town, as cells to write in any format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from shapely.geometry import box, mapping

from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.blank import blank_csv, blank_workbook
from will_pipeline.deliveries.catalogue import load_templates
from will_pipeline.deliveries.intake import Examined, examine

TODAY = date(2026, 11, 25)
TOWN, NEIGHBOUR = "099001", "099002"

Rows = dict[str, list[dict[str, str]]]


def cells(text: str) -> list[dict[str, str]]:
    """Rows of cells from a header and lines parted by `|`."""
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in text.split("\n")]
    return [dict(zip(header, line, strict=True)) for line in lines]


SECTIONS = (990010000001, 990010000002, 990010000003)
GOOD: Mapping[str, Rows] = {
    "aree_proprie": {
        "elenco": cells("area|nome\n1|Levante\n2|Ponente"),
        "sezioni": cells(
            "sezione|area\n990010000001|1\n990010000002|1\n990010000003|2"
        ),
    },
    "utenti_servizi": {
        "utenti": cells(
            "area|bisogno|anno|utenti\nQ01|solitudine|2024|42\n"
            "099001.Q02|Mobilità|2025|0\nColle|nuove generazioni|2025|17"
        )
    },
    "presidi": {
        "presidi": cells(
            "codice|nome|tipo|ente|area|indirizzo|lon|lat|verificato_il\n"
            "B1|Biblioteca di quartiere|biblioteca|Comune|Q01|Via della Prova 1|||12/03/2026\n"
            "B2|Oratorio Don Bosco|oratorio||||10,333|44.801|"
        )
    },
    "voce_tavolo": {
        "voci": cells(
            "codice|area|bisogno|data_tavolo|attore|esito|sintesi|risorsa\n"
            "1|Q01|solitudine|2026-03-12|terzo_settore|integra|La sera non passa l'autobus.|\n"
            "2|C||12/03/2026|abitanti|propone|Un doposcuola.|Scuola Mario Lodi"
        )
    },
    "misure": {
        "elenco": cells(
            "misura|titolo|bisogno|esito|unita|valore_alto|anno_inizio\n"
            "doposcuola|Doposcuola di quartiere|giovani|Abbandoni|per mille|peggio|2023"
        ),
        "aree": cells(
            "misura|area|con_misura\ndoposcuola|Q01|sì\ndoposcuola|Q02|Si\n"
            "doposcuola|Q03|no\ndoposcuola|Q10|NO"
        ),
        "serie": [
            {"misura": "doposcuola", "area": area, "anno": str(year), "valore": "12,5"}
            for area in ("Q01", "Q02", "Q03", "Q10")
            for year in (2021, 2022, 2023, 2024)
        ],
    },
    "ripartizione": {
        "esercizi": cells(
            "esercizio|titolo|bisogno|unita|regola|totale|minimo_per_area\n"
            "educatori|Ore di educatori|giovani|ore|proporzionale|1200|40,5"
        ),
        "aree": cells("esercizio|area|oggi\neducatori|Q01|700\neducatori|Q02|0"),
    },
    "popolazione_eta": {
        "residenti": [
            {
                "area": area, "anno": "2025", "sesso": sex, "eta_da": low, "eta_a": high,
                "residenti": "120",
            }
            for area in ("Q01", "Q02")
            for sex in ("M", "F")
            for low, high in (("0", "14"), ("15", "64"), ("65", ""))
        ]
    },
}  # fmt: skip


def section_file(*numbers: int, side: float = 0.01, **more: object) -> dict[str, bytes]:
    """GeoJSON of sections in a row, each a square of some degrees."""
    features = [
        {
            "type": "Feature",
            "properties": {"SEZ2011": number, "PRO_COM": number // 10_000_000, **more},
            "geometry": mapping(box(10 + place * side, 45, 10 + (place + 1) * side, 45 + side)),
        }
        for place, number in enumerate(numbers)
    ]
    told = json.dumps({"type": "FeatureCollection", "features": features})
    return {"confini_sezioni.geojson": told.encode()}


def changed(kind: str, part: str, row: int, **values: str) -> Rows:
    """A good delivery with some cells of one row written anew."""
    rows = {name: [dict(each) for each in listed] for name, listed in GOOD[kind].items()}
    rows[part][row] |= values
    return rows


def without(kind: str, part: str, row: int) -> Rows:
    """A good delivery less one row."""
    rows: dict[str, Any] = dict(GOOD[kind])
    rows[part] = [each for at, each in enumerate(rows[part]) if at != row]
    return rows


def as_csv(kind: str, rows: Mapping[str, Any]) -> dict[str, bytes]:
    """CSV files of a delivery, written through its blank template."""
    files = blank_csv(load_templates()[kind], rows=rows)
    return {name: content for name, content in files.items() if name.endswith(".csv")}


def as_workbook(kind: str, rows: Mapping[str, Any]) -> dict[str, bytes]:
    """Workbook of a delivery, written through its blank template."""
    return blank_workbook(load_templates()[kind], rows=rows)


def examined(files: Mapping[str, bytes], kind: str, areas: Areas) -> Examined:
    """Outcome of the files."""
    return examine(files, load_templates()[kind], areas, today=TODAY)


def refusals(kind: str, rows: Mapping[str, Any], areas: Areas) -> list[str]:
    """Lines told about a delivery in CSV."""
    return [each.with_cell() for each in examined(as_csv(kind, rows), kind, areas).problems]
