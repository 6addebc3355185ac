"""Age structures handed in for a town, and the tables around them."""

import polars as pl

TOWN = "099001"
THEMES = ["giovani", "solitudine", "mobilita", "nuove_generazioni"]
FIRST_AGES = range(0, 70, 5)
SHARES = {
    "neet_15_29_quota": (10.0, 8.0, 12.5),
    "isolati_65_quota": (20.0, 15.0, 25.0),
    "competenze_inadeguate_quota": (40.0, 36.0, 44.0),
}


def structure(
    area: str, year: int, persons: list[int] | int, *, sex: str = "T", width: int = 5
) -> list[dict[str, object]]:
    """Persons by bands from 0 to 64, and 65 and over; one number stands for every band."""
    starts = [*range(0, 65, width), 65]
    given = persons if isinstance(persons, list) else [persons] * len(starts)
    return [
        {
            "area_id": area,
            "year": year,
            "sex": sex,
            "age_from": start,
            "age_to": None if start == 65 else start + width - 1,
            "persons": number,
        }
        for start, number in zip(starts, given, strict=True)
    ]


def population(*structures: list[dict[str, object]]) -> pl.DataFrame:
    schema = {
        "area_id": pl.String,
        "year": pl.Int32,
        "sex": pl.String,
        "age_from": pl.Int32,
        "age_to": pl.Int32,
        "persons": pl.Int32,
    }
    return pl.DataFrame([row for each in structures for row in each], schema=schema)


def areas(quartieri: int, census_areas: int = 0) -> pl.DataFrame:
    rows = [(f"{TOWN}.C", TOWN, "C")]
    rows += [(f"{TOWN}.Q{k:02d}", TOWN, "Q") for k in range(1, quartieri + 1)]
    rows += [(f"{TOWN}.A{k:02d}", TOWN, "A") for k in range(1, census_areas + 1)]
    return pl.DataFrame(rows, schema=["area_id", "pro_com", "level"], orient="row")


def municipalities() -> pl.DataFrame:
    return pl.DataFrame({"pro_com": [TOWN], "population_year": [2025]})


def facts(area_ids: list[str], **states: str) -> pl.DataFrame:
    """Shares of every area, the same everywhere; `states` gives those of an area another status."""
    return pl.DataFrame(
        [
            {
                "area_id": area,
                "indicatore_id": name,
                "anno": 2024,
                "stato": states.get(area.split(".")[1], "valido"),
                "valore": None if area.split(".")[1] in states else value,
                "ic_inf": None if area.split(".")[1] in states else low,
                "ic_sup": None if area.split(".")[1] in states else high,
            }
            for area in area_ids
            for name, (value, low, high) in SHARES.items()
        ],
        infer_schema_length=None,
    )
