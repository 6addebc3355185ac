"""The whole country, region by region: made on request and never by the nightly job.

Each asset calls the library; files and folders are the resource's.
"""

from typing import Any

import dagster as dg

from will_pipeline.orchestration.national import Country, regions

ITALY: dict[str, Any] = {"group_name": "italia", "owners": ["team:dati"], "kinds": {"parquet"}}


@dg.asset(key=["italia", "regione"], partitions_def=regions, **ITALY)
def regione(context: dg.AssetExecutionContext, country: Country) -> dg.MaterializeResult:
    """Conteggi, contorni e confini comuni delle aree di una regione."""
    made = country.region(context.partition_key)
    return dg.MaterializeResult(
        metadata={
            "sezioni": made.sections,
            "aree": made.areas,
            "poligoni_accostati": made.mended,
            "già_pronta": made.resumed,
        }
    )


@dg.asset(key=["italia", "tabelle"], deps=[["italia", "regione"]], **ITALY)
def tabelle(country: Country) -> dg.MaterializeResult:
    """Tassi, indici e confini comuni di tutta Italia."""
    made = country.whole()
    return dg.MaterializeResult(
        metadata={"aree": made.areas, "vicinanze": made.links, "impronta": made.content}
    )
