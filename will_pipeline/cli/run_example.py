"""Running the main job on the invented towns.

The figures are made, sealed and verified at every run; nothing of the real cities is touched.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from will_pipeline.cli.run import Outcome, run_job
from will_pipeline.definitions import (
    EXAMPLE,
    EXAMPLE_WORKSHOP,
    PROJECT,
    example_home,
    example_resources,
)
from will_pipeline.errors import SourceFault
from will_pipeline.example.figures import write_example
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.overlay import RULES_FILE

SETTINGS = "dagster.yaml"


def run_example(project: Path) -> tuple[Outcome, str]:
    """Make the invented figures and run the whole job on them.

    Args:
        project: project folder, with the national figures.

    Returns:
        How the run ended, and the notice that every reader must see.
    """
    workshop = example_home(project) / EXAMPLE_WORKSHOP
    sources = load_sources(PROJECT / "assets" / "raw")
    try:
        overlay = write_example(workshop / "cifre", EXAMPLE / RULES_FILE, sources)
    except SourceFault as fault:
        return Outcome("", 0.0, (str(fault),)), ""
    home = workshop / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    # The same settings as the project's own instance: no telemetry, nothing kept forever.
    shutil.copyfile(PROJECT / ".dagster" / SETTINGS, home / SETTINGS)
    outcome = run_job(home, example_resources(project, overlay))
    return outcome, overlay.rules.notice.it
