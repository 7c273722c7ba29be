"""schemathesis against the running server's own OpenAPI document: no 5xx, no undocumented status, no answer against its schema."""

import os
import pathlib
import subprocess

from harness import SOAK, VENV_BIN
from samples import jpeg

EXAMPLES = 200 if SOAK else 15

# Ends the session that the fuzzer itself uses, or never ends by nature.
NOT_FUZZED = ["/api/v1/auth/logout", "/api/v1/users/me/sessions", "/api/v1/users/me/sessions/{id}", "/api/v1/events"]


# One worker: with two, CPython 3.11 loses count of its recursion when both compile, and the fuzzer dies of it.
def fuzz(vault, *options):
    command = [str(VENV_BIN / "schemathesis"), "run", f"{vault.url}/api/v1/openapi.json", "--no-color", "--seed", "20241112",
               "--max-examples", str(EXAMPLES), "--request-timeout", "30", "--generation-database", "none", "--workers", "1",
               "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance",
               *options]
    for path in NOT_FUZZED:
        command += ["--exclude-path", path]
    environment = dict(os.environ, SCHEMATHESIS_HOOKS="fuzz_hooks", PYTHONPATH=str(pathlib.Path(__file__).parent))
    result = subprocess.run(command, cwd=vault.folder, env=environment, capture_output=True, text=True, timeout=3000)
    assert result.returncode == 0, result.stdout[:6_000] + "\n...\n" + result.stdout[-6_000:] + result.stderr[-2000:]


def test_the_api_does_what_its_document_says_for_someone_signed_in(vault, ada):
    for seed in range(3):
        ada.settled(ada.upload(f"{seed}.jpg", jpeg(seed)).json()["id"])
    fuzz(vault, "--header", f"Authorization: Bearer {ada.token}")


def test_the_api_does_what_its_document_says_for_a_stranger(vault):
    fuzz(vault)
