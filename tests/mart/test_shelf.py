"""The shelf of releases: numbers, the atomic switch, and what is left when something fails."""

from datetime import date
from pathlib import Path

import pytest

from will_pipeline.mart.shelf import STATEMENT_FILE, Shelf, Statement, write_statement

TODAY = date(2026, 11, 24)


def made(shelf: Shelf, release: str = "2026.11.1") -> tuple[Path, Statement]:
    """A release in the workshop, with one file and one folder."""
    folder = shelf.clear_workshop() / release
    (folder / "atlante").mkdir(parents=True)
    (folder / "dati.csv").write_text(release)
    (folder / "atlante" / "index.html").write_text("<p>")
    statement = Statement(release, f"impronta {release}", "2026-11-24T02:30:00+01:00", "1.0.0")
    write_statement(folder, statement)
    return folder, statement


def publish(shelf: Shelf, release: str) -> Path:
    return shelf.publish(*made(shelf, release))


def test_an_empty_shelf_has_no_current_release_and_starts_from_one(shelf: Shelf) -> None:
    assert shelf.current() is None
    assert shelf.next_number(TODAY) == "2026.11.1"


def test_numbers_count_within_their_month_as_numbers(shelf: Shelf) -> None:
    for release in ("2026.10.4", "2026.11.2", "2026.11.10", "prova", "2026.11.x"):
        (shelf.releases / release).mkdir(parents=True)
    assert shelf.next_number(TODAY) == "2026.11.11"
    assert shelf.next_number(date(2026, 10, 1)) == "2026.10.5"
    assert shelf.next_number(date(2026, 12, 1)) == "2026.12.1"
    assert shelf.next_number(date(2025, 11, 1)) == "2025.11.1"


def test_a_release_without_its_statement_is_refused(shelf: Shelf) -> None:
    folder, statement = made(shelf)
    (folder / STATEMENT_FILE).unlink()
    with pytest.raises(FileNotFoundError, match=STATEMENT_FILE):
        shelf.publish(folder, statement)
    assert shelf.current() is None


def test_a_published_release_is_what_readers_see(shelf: Shelf) -> None:
    target = publish(shelf, "2026.11.1")
    current = shelf.current()
    assert current is not None
    assert current.release == "2026.11.1"
    assert current.fingerprint == "impronta 2026.11.1"
    assert target == shelf.releases / "2026.11.1"
    assert shelf.latest.is_symlink()
    assert (shelf.latest / "dati.csv").read_text() == "2026.11.1"
    assert (shelf.latest / "atlante" / "index.html").is_file()
    assert list(shelf.workshop.iterdir()) == []


def test_the_link_still_leads_there_when_the_shelf_is_moved(shelf: Shelf, tmp_path: Path) -> None:
    publish(shelf, "2026.11.1")
    moved = Shelf(shelf.folder.rename(tmp_path / "altrove"))
    assert moved.current() is not None


def test_a_second_release_leaves_the_first_on_the_shelf(shelf: Shelf) -> None:
    publish(shelf, "2026.11.1")
    publish(shelf, "2026.11.2")
    assert (shelf.latest / "dati.csv").read_text() == "2026.11.2"
    assert (shelf.releases / "2026.11.1" / "dati.csv").read_text() == "2026.11.1"
    shelf.point_latest_at("2026.11.1")
    assert (shelf.latest / "dati.csv").read_text() == "2026.11.1"


def test_a_reader_with_an_open_file_is_not_disturbed(shelf: Shelf) -> None:
    publish(shelf, "2026.11.1")
    with (shelf.latest / "dati.csv").open() as reading:
        publish(shelf, "2026.11.2")
        assert reading.read() == "2026.11.1"


def test_a_release_is_immutable(shelf: Shelf) -> None:
    publish(shelf, "2026.11.1")
    folder, statement = made(shelf)
    (folder / "dati.csv").write_text("altro")
    with pytest.raises(FileExistsError, match=r"2026\.11\.1 esiste già"):
        shelf.publish(folder, statement)
    assert (shelf.latest / "dati.csv").read_text() == "2026.11.1"


@pytest.mark.parametrize("step", ["rename", "symlink_to", "replace"])
def test_readers_keep_a_complete_release_when_publishing_stops_midway(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    publish(shelf, "2026.11.1")
    folder, statement = made(shelf, "2026.11.2")

    def stop(*_: object, **__: object) -> None:
        raise OSError("disco pieno")

    with monkeypatch.context() as failing:
        failing.setattr(Path, step, stop)
        with pytest.raises(OSError, match="disco pieno"):
            shelf.publish(folder, statement)
    current = shelf.current()
    assert current is not None
    assert current.release == "2026.11.1"
    assert (shelf.latest / "dati.csv").read_text() == "2026.11.1"
    following = shelf.next_number(TODAY)
    publish(shelf, following)
    assert (shelf.latest / "dati.csv").read_text() == following


def test_the_workshop_is_emptied(shelf: Shelf) -> None:
    left = shelf.clear_workshop() / "2026.11.1" / "resto.txt"
    left.parent.mkdir()
    left.write_text("x")
    assert list(shelf.clear_workshop().iterdir()) == []


def test_the_link_never_leads_to_a_release_that_is_not_there(shelf: Shelf) -> None:
    publish(shelf, "2026.11.1")
    with pytest.raises(FileNotFoundError, match=r"2026\.11\.9 non è fra quelli pubblicati"):
        shelf.point_latest_at("2026.11.9")
    assert shelf.current() is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"release": "2026.11.1"}', '{"altro": 1}', "1"])
def test_a_damaged_statement_counts_as_none(shelf: Shelf, text: str) -> None:
    publish(shelf, "2026.11.1")
    (shelf.latest / STATEMENT_FILE).write_text(text)
    assert shelf.current() is None


def test_a_statement_that_is_not_text_counts_as_none(shelf: Shelf) -> None:
    publish(shelf, "2026.11.1")
    (shelf.latest / STATEMENT_FILE).write_bytes(b"\xff\xfe\x00")
    assert shelf.current() is None


def test_a_folder_in_the_place_of_the_link_stops_before_anything_moves(shelf: Shelf) -> None:
    shelf.latest.mkdir(parents=True)
    with pytest.raises(FileExistsError, match="è una cartella"):
        publish(shelf, "2026.11.1")
    assert not shelf.releases.exists()
