"""Fixtures and settings shared by the whole test suite."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The short form is the same in every run; the long form looks for what the short one missed.
settings.register_profile("short", max_examples=25, deadline=None, derandomize=True)
settings.register_profile("long", max_examples=400, deadline=None)
settings.load_profile("long" if os.environ.get("WILL_LONG") else "short")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of published numbers and real figures beside the repository, where there is one."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder of published reference figures is not beside the repository")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where continuous integration installed the tools, a test may not skip for want of one."""
    report = yield
    if report.skipped and os.environ.get("WILL_TOOLS_ARE_HERE") and "apt-get" in str(call.excinfo):
        report.outcome = "failed"
    return report
