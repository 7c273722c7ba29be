#!/usr/bin/env python3
"""Runs the whole suite: `scripts/test.py` (all), `--group lint`, `--only STEP ...`, `--soak`, `--list`.

Steps that do not need each other run side by side. A step's output goes to a log file and is shown only when the
step fails. Counts are read from what each runner itself reports; a test step that ran nothing has failed, and so has
one that skipped something. The last line is `N passed, N failed`.
"""

import argparse
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("MEDIA_VAULT_CACHE", pathlib.Path.home() / ".cache/media-vault"))
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", CACHE / "target"))
VENV = CACHE / "venv"
# In the clone, not in the cache: two clones may be tested at once.
LOGS = ROOT / "target/log"
# How many lines of a failed step's log are shown; the whole log stays in its file.
SHOWN_LINES = 300
CARGO = ["--release", "--locked", "--workspace"]


@dataclasses.dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0


@dataclasses.dataclass
class Step:
    """One command. `needs`: steps that must have passed before. `counts`: who reports how many tests ran."""

    name: str
    group: str
    command: list[str]
    folder: str = "."
    needs: tuple[str, ...] = ()
    counts: str | None = None
    # Ends a step that hangs, with its children. Seconds.
    limit: int = 1500
    soak: bool = False

    @property
    def log(self):
        return LOGS / f"{self.name}.log"

    @property
    def report(self):
        return LOGS / f"{self.name}.report"


def steps():
    """The suite, in the order in which it is reported."""
    report = lambda name: str(LOGS / f"{name}.report")
    return [
        Step("rust-format", "lint", ["cargo", "fmt", "--all", "--check"]),
        Step("licences", "lint", ["scripts/licences.sh"]),
        Step("web-build", "build", ["npm", "run", "build"], "web"),
        Step("web-check", "lint", ["npm", "run", "check"], "web", needs=("web-build",)),
        Step("web-unit", "unit", ["npm", "test", "--", "--reporter=default", "--reporter=json",
                                  f"--outputFile.json={report('web-unit')}"], "web", needs=("web-build",), counts="vitest"),
        Step("corpus", "build", ["scripts/corpus.sh"]),
        Step("rust-lint", "lint", ["cargo", "clippy", *CARGO, "--all-targets", "--", "-D", "warnings"], needs=("web-build",)),
        Step("rust-build", "build", ["cargo", "test", *CARGO, "--no-run"], needs=("web-build",)),
        Step("binary", "build", ["scripts/build.sh", "--only-binary"], needs=("rust-build",)),
        Step("generated", "unit", ["scripts/generate.sh", "--check"], needs=("binary",)),
        Step("rust-unit", "unit", ["cargo", "test", *CARGO, "--no-fail-fast", "--lib", "--bins"],
             needs=("rust-build", "corpus"), counts="cargo"),
        Step("rust-integration", "real", ["cargo", "test", *CARGO, "--no-fail-fast", "--test", "*"],
             needs=("rust-build", "corpus"), counts="cargo", soak=True),
        Step("rust-doc", "unit", ["cargo", "test", *CARGO, "--no-fail-fast", "--doc"], needs=("rust-build",), counts="cargo"),
        Step("server", "real", [str(VENV / "bin/python"), "-m", "pytest", "-q", "--color=no", f"--junitxml={report('server')}",
                                "-p", "no:cacheprovider", "e2e/server"], needs=("binary", "corpus"), counts="pytest", soak=True),
        Step("browser", "real", ["npx", "--no-install", "playwright", "test"], "e2e", needs=("binary", "corpus"), counts="playwright"),
    ]


def count_cargo(step):
    total = Counts()
    for line in step.log.read_text(errors="replace").splitlines():
        if found := re.match(r"test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored", line):
            total.passed += int(found[1])
            total.failed += int(found[2])
            total.skipped += int(found[3])
    return total


def count_vitest(step):
    report = json.loads(step.report.read_text())
    return Counts(report["numPassedTests"], report["numFailedTests"], report["numPendingTests"] + report["numTodoTests"])


def count_playwright(step):
    stats = json.loads(step.report.read_text())["stats"]
    return Counts(stats["expected"], stats["unexpected"] + stats["flaky"], stats["skipped"])


def count_pytest(step):
    suites = xml.parse(step.report).getroot().iter("testsuite")
    total = Counts()
    for suite in suites:
        failed = int(suite.get("failures")) + int(suite.get("errors"))
        skipped = int(suite.get("skipped"))
        total.failed += failed
        total.skipped += skipped
        total.passed += int(suite.get("tests")) - failed - skipped
    return total


COUNT = {"cargo": count_cargo, "vitest": count_vitest, "playwright": count_playwright, "pytest": count_pytest}


@dataclasses.dataclass
class Outcome:
    step: Step
    ok: bool
    seconds: float
    counts: Counts
    reason: str = ""

    def line(self):
        word = "ok  " if self.ok else "FAIL"
        detail = f"{self.counts.passed} passed" if self.step.counts else ""
        if self.counts.failed and self.step.counts:
            detail += f", {self.counts.failed} failed"
        if self.counts.skipped:
            detail += f", {self.counts.skipped} skipped"
        if self.reason:
            detail = f"{detail} ({self.reason})" if detail else self.reason
        return f"{word} {self.step.name:<17} {self.seconds:7.1f} s  {detail}".rstrip()


class Suite:
    """Runs steps as their needs are met, `width` at a time."""

    def __init__(self, chosen, soak, width):
        self.waiting = list(chosen)
        self.names = {step.name for step in chosen}
        self.outcomes = {}
        self.running = {}
        self.soak = soak
        self.width = width
        self.changed = threading.Condition()

    def run(self):
        with self.changed:
            while self.waiting or self.running:
                self.start_ready()
                self.changed.wait(timeout=1)
        return self.outcomes

    def start_ready(self):
        for step in list(self.waiting):
            needs = [need for need in step.needs if need in self.names]
            if any(need in self.outcomes and not self.outcomes[need].ok for need in needs):
                self.waiting.remove(step)
                bad = ", ".join(need for need in needs if need in self.outcomes and not self.outcomes[need].ok)
                self.finish(Outcome(step, False, 0.0, Counts(failed=1), f"not run: {bad} failed"))
            elif len(self.running) < self.width and all(need in self.outcomes for need in needs):
                self.waiting.remove(step)
                thread = threading.Thread(target=self.run_step, args=(step,), daemon=True)
                self.running[step.name] = thread
                thread.start()

    def run_step(self, step):
        started = time.monotonic()
        try:
            ok, counts, reason = execute(step, self.soak)
        except Exception as error:  # a broken step must not leave the suite waiting for it
            ok, counts, reason = False, Counts(failed=1), f"{type(error).__name__}: {error}"
        with self.changed:
            self.running.pop(step.name)
            self.finish(Outcome(step, ok, time.monotonic() - started, counts, reason))
            self.changed.notify()

    def finish(self, outcome):
        self.outcomes[outcome.step.name] = outcome
        print(outcome.line(), flush=True)
        if not outcome.ok and outcome.step.log.exists() and not outcome.reason.startswith("not run"):
            lines = outcome.step.log.read_text(errors="replace").splitlines()
            print(f"---- {outcome.step.log}" + (f" (last {SHOWN_LINES} of {len(lines)} lines)" if len(lines) > SHOWN_LINES else ""))
            print("\n".join(lines[-SHOWN_LINES:]))
            print("----", flush=True)


def execute(step, soak):
    environment = dict(
        os.environ, CARGO_TARGET_DIR=str(TARGET), CARGO_TERM_COLOR="never", NO_COLOR="1", CI="true", FORCE_COLOR="0",
        PYTHONDONTWRITEBYTECODE="1", MEDIA_VAULT_BINARY=str(ROOT / "target/release/media-vault"),
        PLAYWRIGHT_JSON_OUTPUT_NAME=str(step.report),
    )
    if soak:
        environment["MEDIA_VAULT_SOAK"] = "1"
    step.report.unlink(missing_ok=True)
    with step.log.open("wb") as log:
        process = subprocess.Popen(step.command, cwd=ROOT / step.folder, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        LIVE.add(process.pid)
        try:
            status = process.wait(timeout=step.limit * (20 if soak else 1))
        except subprocess.TimeoutExpired:
            end(process.pid)
            process.wait()
            return False, Counts(failed=1), f"stopped after {step.limit} s"
        finally:
            LIVE.discard(process.pid)
    if step.counts is None:
        return status == 0, Counts(failed=int(status != 0)), "" if status == 0 else f"exit code {status}"
    try:
        counts = COUNT[step.counts](step)
    except (OSError, ValueError, KeyError, TypeError, xml.ParseError) as error:
        return False, Counts(failed=1), f"exit code {status}, no report to count: {error}"
    if counts.passed + counts.failed == 0:
        return False, Counts(failed=1), f"exit code {status}, no test ran"
    if counts.skipped:
        counts.failed += counts.skipped
        return False, counts, "a skipped test proves nothing"
    if status != 0 and counts.failed == 0:
        counts.failed = 1
        return False, counts, f"exit code {status}"
    return status == 0, counts, ""


LIVE = set()


def end(group):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def interrupted(*_):
    for group in list(LIVE):
        end(group)
    print("interrupted", flush=True)
    os._exit(130)


@contextlib.contextmanager
def one_postgres():
    """Keeps the tests' PostgreSQL up between test binaries: it ends when nobody holds this lock (see crates/testkit)."""
    place = pathlib.Path(tempfile.gettempdir()) / f"media-vault-postgres-{os.getuid()}"
    place.mkdir(mode=0o755, exist_ok=True)
    with (place / "users.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def main():
    parser = argparse.ArgumentParser(description="Runs the whole suite, or a part of it.")
    parser.add_argument("--only", nargs="+", metavar="STEP", help="these steps, without what they need")
    parser.add_argument("--group", choices=["lint", "build", "unit", "real"], help="the steps of one group")
    parser.add_argument("--soak", action="store_true", help="the long versions (hours)")
    parser.add_argument("--list", action="store_true", help="list the steps")
    parser.add_argument("--width", type=int, default=2, help="how many steps side by side (2)")
    options = parser.parse_args()

    every = steps()
    if options.list:
        for step in every:
            print(f"{step.name:<17} {step.group:<6} {' '.join(step.command)}")
        return 0
    chosen = every
    if options.group:
        wanted = {step.name for step in every if step.group == options.group}
        if options.group == "lint":
            wanted.add("web-build")  # the binary embeds it, so clippy needs it
        chosen = [step for step in every if step.name in wanted]
    if options.only:
        unknown = set(options.only) - {step.name for step in every}
        if unknown:
            parser.error(f"no such step: {', '.join(sorted(unknown))} (see --list)")
        chosen = [step for step in every if step.name in options.only]
    if options.soak and not options.only:
        chosen = [step for step in every if step.soak or step.group == "build"]

    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    started = time.monotonic()
    print(f"{len(chosen)} steps, logs in {LOGS}", flush=True)
    with one_postgres():
        outcomes = Suite(chosen, options.soak, options.width).run()

    print(f"\nAll steps, {time.monotonic() - started:.0f} s:")
    for step in chosen:
        print(outcomes[step.name].line())
    passed = sum(outcome.counts.passed for outcome in outcomes.values())
    failed = sum(outcome.counts.failed for outcome in outcomes.values())
    print(f"\n{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
