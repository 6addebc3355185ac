"""A project in a temporary folder: its own figures, warehouse and marts, the real graph."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from will_pipeline.definitions import PROJECT, build_defs, default_resources
from will_pipeline.orchestration.deliveries import Deliveries
from will_pipeline.orchestration.marts import EstimationSettings, MartShelf
from will_pipeline.orchestration.schedules import REFRESH
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.pins import read_pin, sha256, write_pin

FEW_DRAWS = 60


@dataclass(frozen=True)
class Project:
    """A project folder and what a night does in it."""

    folder: Path

    @property
    def figures(self) -> Path:
        return self.folder / "data" / "raw" / "figures"

    @property
    def consegne(self) -> Path:
        return self.folder / "data" / "raw" / "consegne"

    @property
    def marts(self) -> Path:
        return self.folder / "data" / "marts"

    def resources(self, now: str) -> Mapping[str, dg.ConfigurableResource]:
        raw = self.folder / "data" / "raw"
        return {
            **default_resources(self.folder),
            "deliveries": Deliveries(
                folder=str(self.consegne), archive=str(raw / "consegne_accolte"), today=now[:10]
            ),
            "mart_shelf": MartShelf(folder=str(self.marts), now=now, sheets=False),
            "estimation": EstimationSettings(draws=FEW_DRAWS),
        }

    def night(self, now: str = "2026-11-24T02:30:00+01:00") -> dg.ExecuteInProcessResult:
        """Run the main job in this process, as the schedule would."""
        job = build_defs(self.resources(now)).resolve_job_def(REFRESH)
        with dg.DagsterInstance.ephemeral() as instance:
            return job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )

    def change(self, key: str, column: pl.Expr) -> None:
        """Rewrite one embedded figure and its seal, as a producer's revision would."""
        source = load_sources(PROJECT / "assets" / "raw")[key]
        path = self.figures / source.parquet_name
        pl.read_parquet(path).with_columns(column).write_parquet(path, compression="zstd")
        content = path.read_bytes()
        seal = read_pin(key, self.figures)
        write_pin(
            seal.model_copy(update={"sha256": sha256(content), "bytes": len(content)}), self.figures
        )

    def snapshot(self) -> dict[str, bytes]:
        """Every published byte a reader can reach through `latest`, by relative path."""
        latest = (self.marts / "latest").resolve()
        return {
            file.relative_to(latest).as_posix(): file.read_bytes()
            for file in sorted(latest.rglob("*"))
            if file.is_file()
        }


def make_project(folder: Path) -> Project:
    """Copy the tracked figures into a new project folder."""
    project = Project(folder)
    shutil.copytree(PROJECT / "data" / "raw" / "figures", project.figures)
    return project


@pytest.fixture(scope="session")
def first_night(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Project, dg.ExecuteInProcessResult]:
    """A project after its first night, shared by the tests that only look."""
    project = make_project(tmp_path_factory.mktemp("project"))
    return project, project.night()


@pytest.fixture
def published(first_night: tuple[Project, dg.ExecuteInProcessResult], tmp_path: Path) -> Project:
    """A copy of the project after its first night, for tests that change it."""
    folder = tmp_path / "project"
    shutil.copytree(first_night[0].folder, folder, symlinks=True)
    return Project(folder)
