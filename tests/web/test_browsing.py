"""What a browser finds on a faulty page, and what is said where there is no browser."""

import shutil

import pytest

from will_pipeline.atlas.browsing import NoBrowser, browse

pytestmark = pytest.mark.web

FAULTY = """<!doctype html><html><head><title>x</title></head><body><h1>x</h1>
<img src="http://altrove.invalid/x.png"><p style="color:#ccc;background:#fff">poco</p>
<script>console.error("rotto")</script></body></html>"""


def test_a_faulty_page_is_told_by_page_and_fault(tmp_path):
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pytest.importorskip("axe_playwright_python.base", reason="axe is not installed (make test)")
    if shutil.which("chromium") is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    (tmp_path / "index.html").write_text(FAULTY, encoding="utf-8")
    findings, opened = browse(tmp_path)
    assert opened == 2
    told = " ".join(each.message for each in findings)
    for fault in ("image-alt", "html-has-lang", "color-contrast", "rotto", "http://altrove"):
        assert fault in told
    assert {each.file for each in findings} == {"index.html"}


def test_without_a_browser_the_command_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "index.html").write_text(FAULTY, encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBrowser, match="apt-get install chromium"):
        browse(tmp_path)
