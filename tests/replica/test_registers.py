"""What the replica serves is taken in, read and checked as the descriptions say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from tests.replica.towns import ROOT, places
from tests.replica.world import World
from will_pipeline.cities.catalogue import load_cities, other_names
from will_pipeline.sources.descriptor import Descriptor, load_sources
from will_pipeline.sources.embedded import validate
from will_pipeline.sources.embedding import reader_named
from will_pipeline.sources.intake import extract, inspect
from will_pipeline.sources.online import as_online, chosen_municipalities

SOURCES = load_sources(ROOT / "assets" / "raw")
CENSUS = ("istat_sezioni", "istat_basi", "agid")
MADE = [
    key
    for key, source in SOURCES.items()
    if source.online is not None
    and source.embedding is not None
    and not any(each.startswith(CENSUS) for each in source.online.downloads)
]


@pytest.fixture(scope="module")
def world() -> World:
    return World(places())


def opened(world: World, source: Descriptor, folder: Path) -> Mapping[str, bytes]:
    """Files of a live source as its archive would open them, after the intake."""
    live = source.live
    assert live is not None
    files = {}
    for file in live.files:
        asked = "&".join([file.path, *file.query]).replace("&", "?", 1)
        body = world.get(live.host, asked) or world.get(live.host, file.path)
        assert body is not None, file.path
        path = folder / f"{source.key}.{file.name}.{live.extension}"
        path.write_bytes(body)
        inspect(path, live, source=source.key, name=file.name)
        place = folder / f"{source.key}.{file.name}"
        place.mkdir()
        for member, inside in extract(path, live, place).items():
            shown = f"{source.key}/{file.name}"
            shown += f"/{member}" if live.members else f".{live.extension}"
            files[shown] = inside.read_bytes()
    return files


def made(world: World, key: str, folder: Path) -> pl.DataFrame:
    source = SOURCES[key]
    assert source.online is not None
    files: dict[str, bytes] = {}
    for download in source.online.downloads:
        files |= opened(world, SOURCES[download], folder)
    reader = reader_named(source.online.reader, key, "")
    cities = load_cities()
    chosen = chosen_municipalities(source, [city.pro_com for city in cities], other_names(cities))
    table = reader(files, **chosen, **source.online.options)
    return validate(table, as_online(source, source.online)).sort(source.key_columns)


@pytest.mark.parametrize("key", MADE)
def test_every_live_source_becomes_the_table_the_graph_reads(
    world: World, key: str, tmp_path: Path
) -> None:
    table = made(world, key, tmp_path)
    embedded = pl.read_parquet(ROOT / "data" / "raw" / "figures" / f"{key}.parquet")
    assert table.schema == embedded.schema
    same = list(SOURCES[key].key_columns)
    # The replica serves the project's own figures: where both speak, they say the same.
    shared = embedded.join(table.select(same), on=same, how="semi")
    assert shared.height >= 2
    if key not in ("mim_scuole",):
        both = table.join(shared.select(same), on=same, how="semi").sort(same)
        assert both.equals(shared.sort(same))
