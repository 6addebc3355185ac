"""The checks of a built atlas: nothing on a good one, each fault found where it was put."""

import http.client
import json
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from will_pipeline.atlas.browsing import one_of_each
from will_pipeline.atlas.serving import serve
from will_pipeline.atlas.verification import NoAtlas, verify
from will_pipeline.cli.atlas import atlante

CITY = "citta/borgo-prova.html"
AREA = "area/099001.Q02.html"


@pytest.fixture
def folder(pages, tmp_path) -> Path:
    made = tmp_path / "atlante"
    for path, content in pages.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(content, encoding="utf-8")
    for name in ("400", "700"):
        (made / "fonts" / f"titillium-web-{name}.woff2").write_bytes(b"wOF2")
    return made


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_good_atlas_has_no_fault_and_every_check_looked_at_something(folder):
    verdict = verify(folder)
    assert verdict.findings == ()
    assert min(verdict.looked_at.values()) > 7
    assert verdict.looked_at["tabella_mappa"] == 4 * (6 + 2) + 4 * 2


@pytest.mark.parametrize(
    ("name", "old", "new", "check", "said"),
    [
        (CITY, "../area/099001.Q02.html", "../area/altrove.html", "collegamenti", "altrove"),
        (AREA, "metodo.html#grado", "metodo.html#grande", "collegamenti", "#grande"),
        (AREA, "<title>", "<title></title><p>", "collegamenti", "titolo"),
        ("confronta.html", "</main>", '<a href="confronta.html#099.X">x</a>', "collegamenti",
         "099.X"),
        ("index.html", '<script src="', '<script src="https://cdn.example/', "altre_origini",
         "https://cdn.example/"),
        ("index.html", "default-src 'none'", "default-src *", "altre_origini", "vieta"),
        ("index.html", "<h1>", '<h1 onclick="x()">', "altre_origini", "h1 onclick"),
        ("stile.css", 'url("fonts/', 'url("https://fonts.example/', "altre_origini", "fonts.ex"),
        ("cerca.js", "const", "fetch('x'); const", "altre_origini", "fetch"),
        ("stile.css", "--class-2: #97c1e8", "--class-2: #cde1f5", "contrasto", "class-1 e class-2"),
        ("stile.css", "--muted: #50606f", "--muted: #a0a0a0", "contrasto", "muted su paper"),
        (CITY, 'data-index="104,2"', 'data-index="140,2"', "tabella_mappa", "140,2"),
        (AREA, '<ul class="sentences">', '<ul class="sentences"><li>Precipitevolissimevolmente '
         "sovraconcentrazioni istituzionalizzate internazionalizzano disuguaglianze.</li>",
         "leggibilita", "Precipite"),
    ],
)  # fmt: skip
def test_a_fault_is_found_in_its_file(folder, name, old, new, check, said):
    spoil(folder, name, old, new)
    found = verify(folder).findings
    assert {(each.check, each.file) for each in found} == {(check, name)}
    assert any(said in each.message for each in found)


def test_a_sheet_that_is_no_pdf_is_found(folder):
    (folder / "schede").mkdir()
    (folder / "schede" / "099001.Q02.pdf").write_bytes(b"<html>")
    (found,) = verify(folder).findings
    assert found.file == "schede/099001.Q02.pdf"


def test_a_folder_without_an_atlas_is_told_apart(tmp_path):
    with pytest.raises(NoAtlas, match="non c'è un atlante"):
        verify(tmp_path)


def test_one_page_of_every_template_is_chosen_with_the_richest_and_the_barest_area(folder):
    chosen = one_of_each(folder)
    assert {name.split("/")[0] for name in chosen if "/" in name} == {"en", "citta", "area"}
    assert "area/099001.Q01.html" in chosen
    assert len(chosen) == len(set(chosen)) == 12


def test_the_command_answers_people_machines_and_the_shell(folder):
    run = CliRunner()
    good = run.invoke(atlante, ["verifica", str(folder), "--senza-browser"])
    assert good.exit_code == 0
    assert "ok  Collegamenti" in good.stdout
    assert "Accessibilità nel browser: saltato" in good.stdout
    spoil(folder, CITY, 'data-index="104,2"', 'data-index="140,2"')
    bad = run.invoke(atlante, ["verifica", str(folder), "--senza-browser", "--json"])
    assert bad.exit_code == 1
    told = json.loads(bad.stdout)
    assert {each["controllo"] for each in told["difetti"]} == {"tabella_mappa"}
    assert run.invoke(atlante, ["verifica", str(folder.parent)]).exit_code == 2


@contextmanager
def served(folder: Path):
    server = serve(folder, 0)
    worker = threading.Thread(target=server.serve_forever, daemon=True)
    worker.start()
    yield server
    server.shutdown()
    server.server_close()
    worker.join()


def asked(server, path: str, method: str = "GET", host: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path, headers={} if host is None else {"Host": host})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_the_server_reads_one_folder_and_only_for_this_machine(folder, tmp_path):
    (tmp_path / "segreto.txt").write_text("no")
    (folder / "fuori.txt").symlink_to(tmp_path / "segreto.txt")
    with served(folder) as server:
        assert server.server_address[0] == "127.0.0.1"
        assert asked(server, "/index.html") == (200, (folder / "index.html").read_bytes())
        assert asked(server, "/area/099001.Q02.html", "HEAD") == (200, b"")
        for path in ("/../segreto.txt", "/%2e%2e/segreto.txt", "/fuori.txt", "/area/"):
            assert asked(server, path)[0] == 404, path
        assert asked(server, "/index.html", host="altrove.example")[0] == 403
        for method in ("POST", "PUT", "DELETE"):
            assert asked(server, "/index.html", method)[0] == 501, method
    assert sorted(file.name for file in tmp_path.iterdir()) == ["atlante", "segreto.txt"]
