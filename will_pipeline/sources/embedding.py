"""Making of the embedded figures from a folder of official files, byte for byte repeatable.

What belongs here is the passage reader -> validation -> Parquet and pin; how a file is read is
the readers' matter. Run it with `python -m will_pipeline.sources.embedding FOLDER`.
"""

import argparse
import importlib.util
import io
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.sources.descriptor import Descriptor, load_sources
from will_pipeline.sources.embedded import validate
from will_pipeline.sources.pins import Pin, SourceFile, sha256, write_pin

BUDGET_BYTES = 15_000_000
_READERS = "will_pipeline.readers"
_ROW_GROUP = 65_536
_LEVEL = 19

Reader = Callable[..., Any]


def embed(descriptor: Descriptor, folder: Path, output: Path) -> Pin:
    """Make one embedded table and its pin.

    Args:
        descriptor: Description of the source; it must have an `embedding` block.
        folder: Folder of the official files the block's patterns are relative to.
        output: Folder that receives `<key>.parquet` and `<key>.pin.json`.

    Returns:
        The pin.

    Raises:
        SourceFault: No file answers a pattern, the reader is unknown or refuses a file, or the
            table breaks the descriptor.
    """
    if descriptor.embedding is None:
        raise SourceFault(descriptor.key, "-", "campo embedding", "la fonte non è incorporata")
    files = collect(descriptor, folder)
    frame = find_reader(descriptor)(files, **descriptor.embedding.options)
    content = to_parquet(validate(frame, descriptor).sort(descriptor.key_columns))
    output.mkdir(parents=True, exist_ok=True)
    (output / descriptor.parquet_name).write_bytes(content)
    pin = Pin(
        file=descriptor.parquet_name,
        sha256=sha256(content),
        bytes=len(content),
        rows=frame.height,
        retrieved=descriptor.retrieved,
        source_files=tuple(
            SourceFile(name=name, sha256=sha256(source)) for name, source in files.items()
        ),
    )
    write_pin(pin, output)
    return pin


def collect(descriptor: Descriptor, folder: Path) -> Mapping[str, bytes]:
    """Read the official files a descriptor asks for.

    Args:
        descriptor: Description of the source, with its `embedding` block.
        folder: Folder of the official files.

    Returns:
        Bytes by POSIX path relative to `folder`, in the order of the names.

    Raises:
        SourceFault: A pattern finds no file.
    """
    found: dict[str, bytes] = {}
    patterns = descriptor.embedding.files if descriptor.embedding else ()
    for pattern in patterns:
        paths = [path for path in folder.glob(pattern) if path.is_file()]
        if not paths:
            raise SourceFault(descriptor.key, pattern, "", "nessun file con questo nome")
        found.update({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})
    return dict(sorted(found.items()))


def find_reader(descriptor: Descriptor) -> Reader:
    """Find the reader a descriptor names.

    Args:
        descriptor: Description of the source, with its `embedding` block.

    Returns:
        The function of `will_pipeline.readers` that makes the table out of bytes.

    Raises:
        SourceFault: There is no such module or function.
    """
    name = descriptor.embedding.reader if descriptor.embedding else ""
    return reader_named(name, descriptor.key, "campo embedding.reader")


def reader_named(name: str, source: str, where: str) -> Reader:
    """Find a reader by its name.

    Args:
        name: `module:function` of `will_pipeline.readers`.
        source: Key of the source, for the fault.
        where: Field that names it, for the fault.

    Returns:
        The function.

    Raises:
        SourceFault: There is no such module or function.
    """
    module_name, _, function_name = name.partition(":")
    full_name = f"{_READERS}.{module_name}"
    if importlib.util.find_spec(full_name) is not None:
        function = getattr(importlib.import_module(full_name), function_name, None)
        if callable(function):
            return function
    rule = f"il lettore '{name}' non esiste"
    raise SourceFault(source, "-", where, rule)


def to_parquet(frame: pl.DataFrame) -> bytes:
    """Write a table as Parquet, the same table always to the same bytes.

    Args:
        frame: The table, already sorted.

    Returns:
        A zstd-compressed Parquet file.
    """
    buffer = io.BytesIO()
    frame.rechunk().write_parquet(
        buffer, compression="zstd", compression_level=_LEVEL, row_group_size=_ROW_GROUP
    )
    return buffer.getvalue()


def check_budget(output: Path, budget: int = BUDGET_BYTES) -> int:
    """Check that the embedded figures stay small enough for the repository.

    Args:
        output: Folder of the embedded figures.
        budget: Largest total size in bytes.

    Returns:
        Total size in bytes of the Parquet files.

    Raises:
        SourceFault: The total passes the budget; the largest file is named.
    """
    sizes = {path.name: path.stat().st_size for path in sorted(output.glob("*.parquet"))}
    total = sum(sizes.values())
    if total > budget:
        largest = max(sizes, key=lambda name: sizes[name])
        rule = f"i dati inclusi pesano {total} byte, il massimo è {budget}"
        raise SourceFault("data/raw/figures", largest, "", rule)
    return total


def select(sources: Mapping[str, Descriptor], only: Iterable[str]) -> list[Descriptor]:
    """Choose the sources to embed.

    Args:
        sources: Descriptors by key.
        only: Keys asked for; none means every source with an `embedding` block.

    Returns:
        The chosen descriptors, by key.

    Raises:
        SourceFault: A key asked for does not exist.
    """
    wanted = list(only)
    unknown = [key for key in wanted if key not in sources]
    if unknown:
        raise SourceFault(unknown[0], f"{unknown[0]}.source.yaml", "", "la fonte non esiste")
    if wanted:
        return [sources[key] for key in sorted(set(wanted))]
    return [descriptor for descriptor in sources.values() if descriptor.embedding is not None]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Arguments after the program's name; the process's own when absent.

    Returns:
        Exit code: 0 when every table was made, 1 at the first fault.
    """
    parser = argparse.ArgumentParser(description="Rifà i dati inclusi dai file ufficiali.")
    parser.add_argument("folder", type=Path, help="cartella dei file ufficiali")
    parser.add_argument("--only", nargs="+", default=[], metavar="CHIAVE", help="solo queste fonti")
    parser.add_argument("--descriptors", type=Path, default=Path("assets/raw"))
    parser.add_argument("--output", type=Path, default=Path("data/raw/figures"))
    options = parser.parse_args(arguments)
    try:
        for descriptor in select(load_sources(options.descriptors), options.only):
            pin = embed(descriptor, options.folder, options.output)
            print(f"{descriptor.key}: {pin.rows} righe, {pin.bytes} byte, {pin.sha256[:12]}")
        total = check_budget(options.output)
    except SourceFault as fault:
        print(fault, file=sys.stderr)
        return 1
    print(f"dati inclusi: {total} byte su {BUDGET_BYTES}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
