"""The raw layer: one asset per `*.source.yaml` beside this file.

Adding a source is adding its description and its figures, never code here.
"""

from pathlib import Path

import dagster as dg

from will_pipeline.orchestration.figures import raw_asset
from will_pipeline.sources.descriptor import load_sources


@dg.definitions
def raw_layer() -> dg.Definitions:
    """Assets of every described source that has a table."""
    sources = load_sources(Path(__file__).parent).values()
    return dg.Definitions(assets=[raw_asset(source) for source in sources if source.has_table])
