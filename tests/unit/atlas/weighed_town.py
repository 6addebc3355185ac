"""Borgo Prova with two indicators of one need in three quartieri, and the index they make."""

import polars as pl

from will_pipeline.indicators.goalposts import CITY_METHOD, load_frozen
from will_pipeline.statistics.composite import penalised_mean

BORGO = "099001"
NEED = "mobilita"
CITY = {"disoccupazione": 6.0, "occupazione_femminile": 62.0}
HERE = {
    f"{BORGO}.Q01": (6.5, 66.0),
    f"{BORGO}.Q02": (9.0, 62.5),
    f"{BORGO}.Q03": (5.0, 57.0),
}


def weighed_tables(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables of the town with figures and indices of one need that agree with each other."""
    facts, indices = tables["fatto_indicatore"], tables["fatto_indice"]
    model = facts.row(0, named=True)
    rows = [
        {**model, "area_id": area, "indicatore_id": name, "valore": value, "ic_inf": value,
         "ic_sup": value, "valore_comune": CITY[name]}
        for area, values in HERE.items()
        for name, value in zip(CITY, values, strict=True)
    ]  # fmt: skip
    others = facts.filter(~pl.col("indicatore_id").is_in(list(CITY)))
    index = {area: rebuilt_index(area) for area in HERE}
    return {
        **tables,
        "fatto_indicatore": pl.concat([others, pl.DataFrame(rows, schema=facts.schema)]),
        "fatto_indice": indices.with_columns(
            indice=pl.when(
                pl.col("area_id").is_in(list(HERE))
                & (pl.col("dimensione") == NEED)
                & (pl.col("metodo") == CITY_METHOD)
            )
            .then(pl.col("area_id").replace_strict(index, default=None))
            .otherwise("indice")
        ).with_columns(
            ic_inf=pl.col("indice") - 2.5,
            ic_sup=pl.col("indice") + 2.5,
            classe=pl.when((pl.col("dimensione") == NEED) & pl.col("area_id").is_in(list(HERE)))
            .then(pl.col("area_id").replace_strict(classes(), default=None))
            .otherwise("classe"),
        ),
    }


def rebuilt_index(area: str, weights: tuple[float, float] = (0.5, 0.5)) -> float:
    """Index of an area with the given weights, to the decimal of the mart."""
    posts = load_frozen().goalposts
    points = [
        float(posts[name].with_reference(CITY[name]).normalise([value])[0])
        for name, value in zip(CITY, HERE[area], strict=True)
    ]
    return round(float(penalised_mean([points], weights=weights)[0]), 1)


def classes(weights: tuple[float, float] = (0.5, 0.5)) -> dict[str, int]:
    """Class of every area with the given weights."""
    cuts = load_frozen().cuts[NEED, CITY_METHOD]
    return {area: 1 + sum(rebuilt_index(area, weights) > cut for cut in cuts) for area in HERE}
