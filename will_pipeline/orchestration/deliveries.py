"""The folder of deliveries and its archive as a resource, with the checks that tell the data team.

A refused delivery is a warning and never stops the graph.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import polars as pl

from will_pipeline.deliveries.archive import Archive
from will_pipeline.deliveries.catalogue import load_templates
from will_pipeline.deliveries.folder import FIRST_KINDS, Folder, delivery_rows
from will_pipeline.deliveries.tables import delivered_table
from will_pipeline.orchestration.marts import ROME

ACCEPTED = "accolta"
DELIVERIES, STRANGERS = "consegne_accolte", "consegne_cartelle"
_NO_AREAS = pl.DataFrame(
    schema={
        "area_id": pl.String,
        "pro_com": pl.String,
        "level": pl.String,
        "name": pl.String,
        "residents": pl.Int64,
    }
)
CHECKS = {
    DELIVERIES: "Le consegne dei comuni sono accolte.",
    STRANGERS: "Ogni cartella di consegne è di un comune.",
}


class Deliveries(dg.ConfigurableResource):
    """What municipalities hand in.

    Attributes:
        folder: folder of the files, `<slug>/<kind>.csv` or `.xlsx`.
        archive: folder of the accepted ones.
        today: day of the run, ISO 8601; the calendar of Rome where empty.
    """

    folder: str
    archive: str
    today: str = ""

    def take_in_areas(self, municipalities: pl.DataFrame) -> pl.DataFrame:
        """Examine and archive the files that say which areas there are; `core.area_delivery`."""
        return self._examined(municipalities, _NO_AREAS, FIRST_KINDS)

    def take_in(
        self, municipalities: pl.DataFrame, areas: pl.DataFrame, first: pl.DataFrame
    ) -> pl.DataFrame:
        """Examine every other file, archive the good ones; rows of `core.delivery`.

        Args:
            municipalities: rows of `core.municipality`.
            areas: rows of `core.area`.
            first: rows of `core.area_delivery`.
        """
        others = self._folder().kinds() - set(FIRST_KINDS)
        rest = self._examined(municipalities, areas, others)
        return pl.concat([first.match_to_schema(rest.schema, integer_cast="upcast"), rest])

    def _examined(
        self, municipalities: pl.DataFrame, areas: pl.DataFrame, kinds: Collection[str]
    ) -> pl.DataFrame:
        outcomes = self._folder().examine(municipalities, areas, keep=True, kinds=kinds)
        return delivery_rows(outcomes, load_templates())

    def table(
        self, name: str, deliveries: pl.DataFrame, municipalities: pl.DataFrame
    ) -> pl.DataFrame:
        """Rows of one harmonised table from the archived deliveries in use."""
        return delivered_table(name, deliveries, municipalities, Archive(Path(self.archive)))

    def strangers(self, municipalities: pl.DataFrame) -> list[str]:
        """Folders that are of no municipality."""
        return self._folder().strangers(municipalities)

    def _folder(self) -> Folder:
        today = date.fromisoformat(self.today) if self.today else datetime.now(ROME).date()
        return Folder(Path(self.folder), Archive(Path(self.archive)), load_templates(), today)


def delivery_results(
    deliveries: pl.DataFrame, municipalities: pl.DataFrame, asset: dg.AssetKey
) -> dg.AssetCheckResult:
    """Warning about the refused deliveries, each with its municipality and its reason.

    Args:
        deliveries: rows of `core.delivery`.
        municipalities: `pro_com` and `slug`.
        asset: key of `core.delivery`.
    """
    rows = deliveries.join(municipalities.select("pro_com", "slug"), on="pro_com").sort(
        "slug", "kind"
    )
    refused = rows.filter(pl.col("state") != ACCEPTED)
    named = ", ".join(f"{slug}/{kind}" for slug, kind in refused.select("slug", "kind").iter_rows())
    told = f"Consegne rifiutate: {named}." if named else f"Consegne accolte: {rows.height}."
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=DELIVERIES,
        passed=refused.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=told,
        metadata={
            f"{row['slug']}/{row['kind']}": dg.MetadataValue.md(
                _markdown(row["state"], row["message"])
            )
            for row in rows.iter_rows(named=True)
        },
    )


def stranger_results(strangers: list[str], asset: dg.AssetKey) -> dg.AssetCheckResult:
    """Warning about folders that are of no municipality."""
    told = (
        f"Cartelle di nessun comune: {len(strangers)}."
        if strangers
        else "Ogni cartella è di un comune."
    )
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=STRANGERS,
        passed=not strangers,
        severity=dg.AssetCheckSeverity.WARN,
        description=told,
        metadata={"cartelle": strangers},
    )


def _markdown(state: str, message: str | None) -> str:
    lines = _escaped(message).split("\n") if message else []
    return "\n".join([f"**{state}**", "", *(f"- {line}" for line in lines)])


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in text)


def results(
    deliveries: pl.DataFrame, municipalities: pl.DataFrame, strangers: list[str], asset: dg.AssetKey
) -> Iterator[dg.AssetCheckResult]:
    """Every warning: about refused deliveries, and about folders of nobody."""
    yield delivery_results(deliveries, municipalities, asset)
    yield stranger_results(strangers, asset)
