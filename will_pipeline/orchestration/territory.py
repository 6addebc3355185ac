"""The cities of a run as a resource.

Who a city is belongs to the catalogue; here is only which folder of the catalogue a run reads.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from will_pipeline.cities.catalogue import City, load_cities


class Territory(dg.ConfigurableResource):
    """The folder of the cities.

    Attributes:
        folder: folder of the `<slug>.yaml` files; the project's own cities where empty.
    """

    folder: str = ""

    def cities(self) -> tuple[City, ...]:
        """The cities, in their order."""
        return load_cities(Path(self.folder) if self.folder else None)
