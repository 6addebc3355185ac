"""Section I of the fault matrix, where no other file has it: what may reach an interpreter."""

from __future__ import annotations

import ast
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from will_pipeline.definitions import PROJECT

TAKES_SQL = {"execute", "executemany", "sql", "query", "from_query"}
OUR_OWN = {
    # Constants of the module and statements of a contract, never a cell of a file.
    "WIDE_VIEW", "STORAGE_VERSION", "SCHEMA", "ENGLISH_SCHEMA", "rule.offending", "place",
}  # fmt: skip
RUNS_CODE = re.compile(
    r"\bimport (?:pickle|joblib|shelve|dill|marshal)\b|\byaml\.(?:load|unsafe_load)\(|"
    r"\beval\(|\bexec\(|os\.system|shell\s*=\s*True|verify\s*=\s*False|extractall\("
)
XML_READ = re.compile(
    r"fromstring\(|\bET\.parse|iterparse|XMLParser|lxml|xml\.dom|"
    r"xml\.sax\b(?!\.saxutils import escape)"
)


def modules() -> dict[str, str]:
    return {
        path.relative_to(PROJECT).as_posix(): path.read_text("utf-8")
        for folder in ("will_pipeline", "assets")
        for path in sorted((PROJECT / folder).rglob("*.py"))
    }


def interpolations(text: str) -> Iterator[tuple[int, str]]:
    """What is written into statements without quotes around it: line and expression."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in TAKES_SQL or not node.args:
            continue
        first = node.args[0]
        if isinstance(first, ast.BinOp | ast.Call) and "format" in ast.unparse(first):
            yield first.lineno, ast.unparse(first)
        if not isinstance(first, ast.JoinedStr):
            continue
        for at, part in enumerate(first.values):
            if not isinstance(part, ast.FormattedValue):
                continue
            before = first.values[at - 1] if at else None
            quoted = isinstance(before, ast.Constant) and str(before.value).endswith('"')
            if not quoted and ast.unparse(part.value) not in OUR_OWN:
                yield part.lineno, ast.unparse(part.value)


def test_x04_statements_take_parameters_or_quoted_names() -> None:
    found = {name: list(interpolations(text)) for name, text in modules().items()}
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("c.execute(f'SELECT * FROM {name}')", 1),
        ("c.sql(f\"SELECT '{city}'\")", 1),
        ("c.execute('SELECT {}'.format(city))", 1),
        ("c.execute(f'SELECT * FROM \"{name}\"')", 0),
        ("c.execute('SELECT ?', [city])", 0),
    ],
)
def test_x04_the_rule_on_statements_sees_what_it_is_for(line: str, seen: int) -> None:
    assert len(list(interpolations(line))) == seen


def test_x11_x01_x12_nothing_of_ours_runs_or_unpacks_what_it_reads() -> None:
    found = {name: RUNS_CODE.findall(text) for name, text in modules().items()}
    assert {name: each for name, each in found.items() if each} == {}


def test_x03_one_parser_of_xml_for_all() -> None:
    naming = {name: XML_READ.findall(text) for name, text in modules().items()}
    del naming["will_pipeline/sources/safe_xml.py"]
    assert {name: found for name, found in naming.items() if found} == {}


def test_h02_nothing_reads_what_is_published_but_to_tell_what_changed() -> None:
    reading = [
        name
        for name, text in modules().items()
        if name.startswith(
            ("assets/raw", "assets/core", "will_pipeline/readers", "will_pipeline/ind")
        )
        and re.search(r"open_mart|mart_shelf|will_mart", text)
    ]
    assert reading == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def webserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """The web server as the unit of `deploy/` starts it, over a graph of one asset."""
    home = tmp_path_factory.mktemp("dagster")
    code = home / "piccolo.py"
    code.write_text(
        "import dagster as dg\n@dg.asset\ndef a(): ...\n"
        "defs = dg.Definitions(assets=[a], jobs=[dg.define_asset_job('j')])\n"
    )
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    unit = (PROJECT / "deploy" / "systemd" / "will-webserver.service").read_text("utf-8")
    [started] = re.findall(r"^ExecStart=\S+/dagster-webserver (.+)$", unit, re.MULTILINE)
    port = free_port()
    options = started.split()
    options[options.index("--port") + 1] = str(port)
    options[options.index("-w") : options.index("-w") + 2] = ["-f", str(code)]
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("dagster-webserver")), *options],
        # Away from the project, whose .env names its own instance.
        cwd=home,
        env={**os.environ, "DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(360):
            try:
                if httpx.get(f"{address}/server_info", timeout=5).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.5)
        else:
            raise AssertionError("the web server never answered")
        yield address, port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


LAUNCH = (
    "mutation { launchRun(executionParams: {selector: {repositoryLocationName: "
    '"piccolo.py", repositoryName: "__repository__", jobName: "j"}, mode: "default"}) '
    "{ __typename } }"
)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["get", "post"])
def test_x09_a_launch_is_refused_by_get_and_by_post(
    webserver: tuple[str, int], method: str
) -> None:
    address, _ = webserver
    asked = (
        httpx.get(f"{address}/graphql", params={"query": LAUNCH}, timeout=60)
        if method == "get"
        else httpx.post(f"{address}/graphql", json={"query": LAUNCH}, timeout=60)
    )
    assert "LaunchRunSuccess" not in asked.text
    assert "Unauthorized" in asked.text
    runs = "{ runsOrError { __typename ... on Runs { results { id } } } }"
    listed = httpx.post(f"{address}/graphql", json={"query": runs}, timeout=60).json()
    assert listed["data"]["runsOrError"] == {"__typename": "Runs", "results": []}


@pytest.mark.slow
def test_x09_it_listens_on_this_machine_only(webserver: tuple[str, int]) -> None:
    _, port = webserver
    listening = {
        line.split()[1].split(":")[0]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    assert listening == {"0100007F"}
