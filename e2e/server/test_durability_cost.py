"""What "saved" costs: one wait for the disk for each change that a person makes, and not one more."""

import re
import signal
import subprocess

from harness import until
from samples import jpeg

CHANGES = 40


def test_a_change_waits_for_the_disk_once(new_vault):
    # Without a worker, whose own changes would be counted too.
    vault = new_vault(serve_options=("--no-worker",)).start().set_up()
    ada = vault.client()
    id = ada.upload("a.jpg", jpeg(1)).json()["id"]
    log = vault.folder / "strace.log"
    tracer = subprocess.Popen(["strace", "-f", "-y", "-e", "trace=fsync,fdatasync,sync_file_range,syncfs,sync,msync",
                               "-o", str(log), "-p", str(vault.process.pid)], stderr=subprocess.PIPE, text=True)
    assert "attached" in tracer.stderr.readline(), "strace watches the server"
    for number in range(CHANGES):
        answer = ada.request("PATCH", f"/api/v1/media/{id}", json={"favorite": number % 2 == 0})
        assert answer.status_code == 200, answer.text
    # Let the tracer write what it saw.
    tracer.send_signal(signal.SIGINT)
    tracer.wait(timeout=30)
    until(lambda: log.exists(), 10, "strace's log")
    waits = re.findall(r"\b(fsync|fdatasync|sync_file_range|syncfs|sync|msync)\((.*?)\)", log.read_text())
    wal = [what for what in waits if what[1].endswith("-wal>")]
    assert len(wal) == CHANGES, f"{len(wal)} waits for {CHANGES} changes"
    assert len(waits) == len(wal), f"nothing else is waited for: {set(waits) - set(wal)}"
