"""The code location: the graph of `assets/` with its resources, its job and its nightly schedule.

Nothing else belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from will_pipeline.orchestration.alerts import alarm
from will_pipeline.orchestration.deliveries import Deliveries
from will_pipeline.orchestration.dropins import dropped_in
from will_pipeline.orchestration.figures import Figures
from will_pipeline.orchestration.marts import EstimationSettings, MartShelf
from will_pipeline.orchestration.national import Country
from will_pipeline.orchestration.schedules import nightly, refresh
from will_pipeline.orchestration.territory import Territory
from will_pipeline.orchestration.warehouse import Warehouse
from will_pipeline.sources.overlay import Overlay

PROJECT = Path(__file__).parent.parent
OVERRIDES = PROJECT / "assets" / "deroghe.yaml"
EXAMPLE = PROJECT / "esempi" / "borgo_inventato"
EXAMPLE_WORKSHOP = "lavoro"
REPLICA_WORKSHOP = "lavoro"
REPLICA_NOTICE = (
    "PROVA. Le fonti sono una replica su questa macchina: una parte dei numeri è inventata. "
    "Non vanno citati.",
    "TEST. The sources are a replica on this machine: some of the figures are invented. "
    "Do not cite them.",
)
ONLINE_TABLES = "tavole"
"""Folder of the tables made of what was downloaded, beside the archive of the downloads."""


def default_resources(
    project: Path = PROJECT, *, sheets: bool = True
) -> dict[str, dg.ConfigurableResource]:
    """Resources of a project folder: figures, warehouse and marts under its `data/`.

    Args:
        project: project folder.
        sheets: whether the printed sheets are made (see `MartShelf`).
    """
    data = project / "data"
    return {
        "figures": Figures(
            folder=str(data / "raw" / "figures"), online=str(data / "raw" / ONLINE_TABLES)
        ),
        "deliveries": Deliveries(
            folder=str(data / "raw" / "consegne"), archive=str(data / "raw" / "consegne_accolte")
        ),
        "warehouse": Warehouse(path=str(data / "raw" / "warehouse" / "will.duckdb")),
        "mart_shelf": MartShelf(
            folder=str(data / "marts"), sheets=sheets, overrides=str(OVERRIDES)
        ),
        "estimation": EstimationSettings(),
        "territory": Territory(),
        "country": Country(
            folder=str(data / "raw" / "italia"),
            output=str(data / "marts" / "italia"),
            workshop=str(data / "raw" / "italia" / "lavoro"),
        ),
    }


def example_resources(project: Path, overlay: Overlay) -> dict[str, dg.ConfigurableResource]:
    """Resources of the invented towns: the same graph in a folder of its own.

    National figures are those of the project; what speaks of cities comes from the overlay, or is
    left out.

    Args:
        project: project folder, with the national figures.
        overlay: invented tables, as written by `write_example`.
    """
    home = example_home(project)
    notice = overlay.rules.notice
    figures = Figures(folder=str(project / "data" / "raw" / "figures"), overlay=str(overlay.folder))
    return {
        **default_resources(project),
        "figures": figures,
        "deliveries": Deliveries(
            folder=str(EXAMPLE / "consegne"),
            archive=str(home / EXAMPLE_WORKSHOP / "consegne_accolte"),
        ),
        "warehouse": Warehouse(path=str(home / EXAMPLE_WORKSHOP / "will.duckdb")),
        "mart_shelf": MartShelf(folder=str(home), notice=notice.it, notice_en=notice.en),
        "territory": Territory(folder=str(EXAMPLE / "citta")),
    }


def example_home(project: Path) -> Path:
    """Folder of everything that a run on the invented towns makes."""
    return project / "data" / "marts" / "esempio"


def replica_resources(project: Path) -> dict[str, dg.ConfigurableResource]:
    """Resources of a run on a local replica: the same graph in a folder of its own.

    What a replica serves is invented, and never reaches the archive or the mart of the project.
    """
    home = replica_home(project)
    workshop = home / REPLICA_WORKSHOP
    return {
        **default_resources(project),
        "figures": Figures(
            folder=str(project / "data" / "raw" / "figures"), online=str(workshop / ONLINE_TABLES)
        ),
        "deliveries": Deliveries(
            folder=str(workshop / "consegne"), archive=str(workshop / "consegne_accolte")
        ),
        "warehouse": Warehouse(path=str(workshop / "warehouse" / "will.duckdb")),
        "mart_shelf": MartShelf(
            folder=str(home), notice=REPLICA_NOTICE[0], notice_en=REPLICA_NOTICE[1]
        ),
    }


def replica_home(project: Path) -> Path:
    """Folder of everything that a run on a local replica makes."""
    return project / "data" / "marts" / "replica"


def build_defs(resources: Mapping[str, dg.ConfigurableResource]) -> dg.Definitions:
    """Build the location with the given resources: the same graph for production and for tests.

    Args:
        resources: `figures`, `deliveries`, `warehouse`, `mart_shelf`, `estimation`, `territory` and
            `country`.
    """
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=PROJECT),
        dg.Definitions(
            resources=dict(resources),
            jobs=[refresh],
            schedules=[nightly],
            sensors=[alarm, dropped_in],
            executor=dg.in_process_executor,
        ),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The location of the project this file belongs to."""
    return build_defs(default_resources())
