"""The page of the sources is the one its descriptors make."""

from __future__ import annotations

from will_pipeline.documentation.sources_page import PAGE, ROOT, sources_page
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.hosts import load_hosts


def test_the_page_is_made_from_the_descriptors() -> None:
    sources = load_sources(ROOT / "assets" / "raw")
    page = sources_page(sources.values(), load_hosts(environment={}))
    assert PAGE.read_text("utf-8") == page
    for key, source in sources.items():
        _, _, part = page.partition(f"`{key}`, ")
        part = part.partition("\n## ")[0]
        assert source.licence.name in part
        assert source.attribution in part
        assert "**Come si ha**" in part
