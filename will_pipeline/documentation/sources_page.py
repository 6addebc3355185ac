"""The page `docs/fonti_elenco.md`: every source, how it is had, its terms and its problems.

What belongs here is the rendering of the descriptors; nothing about a source is written here.
Run it with `python -m will_pipeline.documentation.sources_page`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from will_pipeline.sources.descriptor import Descriptor, load_sources
from will_pipeline.sources.hosts import Hosts, load_hosts

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "fonti_elenco.md"
_HEAD = (
    "# Le fonti, una per una",
    "",
    "Questa pagina si rifà dai descrittori con "
    "`python -m will_pipeline.documentation.sources_page`.",
    "Come funzionano le fonti dal vivo si legge in [fonti.md](fonti.md).",
)


def sources_page(sources: Iterable[Descriptor], hosts: Hosts) -> str:
    """Render the page.

    Args:
        sources: Descriptions, in their order.
        hosts: The allow-list, for the addresses of the downloads.

    Returns:
        Markdown, in Italian.
    """
    lines = list(_HEAD)
    for source in sources:
        lines += ["", f"## {source.title}", "", f"`{source.key}`, {source.producer}.", ""]
        lines += _described(source, hosts)
    return "\n".join(lines) + "\n"


def _described(source: Descriptor, hosts: Hosts) -> Iterator[str]:
    yield f"- **Che cosa contiene**: {_plain(source.description)}"
    yield f"- **Dove sta**: <{source.url}>"
    yield f"- **Come si ha**: {' '.join(_ways(source))}"
    for address in _addresses(source, hosts):
        yield f"    - `{address}`"
    yield f"- **Periodo**: {source.reference_date}"
    yield f"- **Licenza**: [{source.licence.name}]({source.licence.url})"
    yield f"- **Attribuzione**: {source.attribution}"
    problems = _plain(source.known_problems)
    yield f"- **Problemi noti**: {problems or 'nessuno noto'}"


def _ways(source: Descriptor) -> Iterator[str]:
    if source.embedding is not None:
        yield f"Inclusa nel progetto, presa il {source.retrieved:%d/%m/%Y}."
    if source.online is not None:
        made = ", ".join(f"`{key}`" for key in source.online.downloads)
        verb = "entra nel mart" if source.is_only_online else "si rifà"
        yield f"Con `--online` {verb} da {made}."
    if source.live is not None and source.live.gathering is not None:
        yield "`will fonti aggiorna` fa le domande al portale, a cominciare da:"
    elif source.live is not None:
        yield "Si scarica con `will fonti aggiorna`:"


def _addresses(source: Descriptor, hosts: Hosts) -> Iterator[str]:
    if source.live is not None:
        for file in source.live.files:
            yield str(hosts.address(source.key, source.live, file))


def _plain(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """Write the page from the tracked descriptors."""
    sources = load_sources(ROOT / "assets" / "raw").values()
    PAGE.write_text(sources_page(sources, load_hosts(environment={})), encoding="utf-8")


if __name__ == "__main__":
    main()
