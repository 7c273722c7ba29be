import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from harness import CACHE, Vault


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


@pytest.fixture
def postgres_url():
    """An empty database on the tests' PostgreSQL."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", CACHE / "target"))
    program = target / "release/test-postgres"
    assert program.exists(), f"{program} is missing: `cargo build --release -p testkit`"
    process = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    assert url.startswith("postgres://"), "the tests' PostgreSQL did not start (see above)"
    yield url
    process.communicate("")


@pytest.fixture(params=["sqlite", "postgres"])
def database_settings(request):
    """The settings that choose a database: each test that takes this runs on both."""
    if request.param == "sqlite":
        return {}
    return {"MEDIA_VAULT_DATABASE_URL": request.getfixturevalue("postgres_url")}
