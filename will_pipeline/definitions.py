"""The code location: the graph of `assets/` with its resources, its job and its nightly schedule.

Nothing else belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from will_pipeline.orchestration.deliveries import Deliveries
from will_pipeline.orchestration.figures import Figures
from will_pipeline.orchestration.marts import EstimationSettings, MartShelf
from will_pipeline.orchestration.schedules import nightly, refresh
from will_pipeline.orchestration.warehouse import Warehouse

PROJECT = Path(__file__).parent.parent


def default_resources(project: Path = PROJECT) -> dict[str, dg.ConfigurableResource]:
    """Resources of a project folder: figures, warehouse and marts under its `data/`."""
    data = project / "data"
    return {
        "figures": Figures(folder=str(data / "raw" / "figures")),
        "deliveries": Deliveries(
            folder=str(data / "raw" / "consegne"), archive=str(data / "raw" / "consegne_accolte")
        ),
        "warehouse": Warehouse(path=str(data / "raw" / "warehouse" / "will.duckdb")),
        "mart_shelf": MartShelf(folder=str(data / "marts")),
        "estimation": EstimationSettings(),
    }


def build_defs(resources: Mapping[str, dg.ConfigurableResource]) -> dg.Definitions:
    """Build the location with the given resources: the same graph for production and for tests.

    Args:
        resources: `figures`, `deliveries`, `warehouse`, `mart_shelf` and `estimation`.
    """
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=PROJECT),
        dg.Definitions(
            resources=dict(resources),
            jobs=[refresh],
            schedules=[nightly],
            executor=dg.in_process_executor,
        ),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The location of the project this file belongs to."""
    return build_defs(default_resources())
