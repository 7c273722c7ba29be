"""How the benchmarks run contestants, sum up what they measured, and keep the raw runs."""

import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RAW = []


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, **options)
    if result.returncode != 0:
        sys.exit(f"{command}: exit code {result.returncode}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}")
    return result.stdout


def figures(*command, **options):
    """The last line of the output, as JSON; kept as one raw run."""
    found = json.loads(run(*command, **options).strip().splitlines()[-1])
    RAW.append({"command": [pathlib.Path(str(part)).name for part in command], "found": found})
    return found


def alternate(rounds, **contestants):
    """Runs each contestant in each round, so that whatever else the machine does hits all alike: a command, or what makes one of the
    number of the round. name -> list of its figures."""
    found = {name: [] for name in contestants}
    for number in range(rounds):
        for name, command in contestants.items():
            found[name].append(figures(*(command(number) if callable(command) else command)))
            print(f"  round {number + 1}, {name}: {found[name][-1]}", flush=True)
    return found


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def ratio(mine, theirs):
    """Of what was measured in the same rounds: the median and, of more than one round, the lowest and the highest."""
    of = [one / other for one, other in zip(mine, theirs, strict=True)]
    spread = f" ({min(of):.2f}-{max(of):.2f})" if len(of) > 1 else ""
    return f"**{statistics.median(of):.2f}**{spread}"


def machine():
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "unknown")
    commit = run("git", "rev-parse", "--short", "HEAD").strip()
    return f"{datetime.date.today():%d %B %Y}, commit {commit}, {os.cpu_count()} cores of {model}, Linux {platform.release()}"


def keep(place, name, lines):
    """Writes a part as a page, and its raw runs as JSON beside it."""
    (place / f"{name}.md").write_text("\n".join([*lines, "", f"_{machine()}; raw runs: [results/{name}.json](results/{name}.json)_", ""]))
    (place / f"{name}.json").write_text(json.dumps({"machine": machine(), "runs": RAW}, indent=1) + "\n")
    RAW.clear()
