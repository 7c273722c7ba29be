import pathlib
import shutil
import tempfile

import pytest

from harness import Vault


@pytest.fixture
def folder():
    """An empty folder, removed afterwards."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="media-vault-server-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def new_vault(folder):
    """Makes installations (not started yet) and ends them afterwards."""
    made = []

    def make(**options):
        vault = Vault(folder / f"vault-{len(made) + 1}", **options)
        vault.folder.mkdir()
        made.append(vault)
        return vault

    yield make
    for vault in made:
        vault.kill()


@pytest.fixture
def vault(new_vault):
    """A running server with an administrator."""
    return new_vault().start().set_up()


@pytest.fixture
def ada(vault):
    return vault.client()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What the server said belongs to the failure."""
    report = yield
    if report.when == "call" and report.failed:
        for value in item.funcargs.values():
            if isinstance(value, Vault):
                report.sections.append(("the server's log, its end", value.log()[-6000:]))
    return report
