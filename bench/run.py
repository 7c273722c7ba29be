"""Runs the benchmarks, peers in the same run on the same files, and writes bench/RESULTS.md: `run.py [PART ...]`."""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
import copies  # noqa: E402
import growth  # noqa: E402
import likeness  # noqa: E402
from report import ROOT, alternate, figures, keep, median, ratio, run  # noqa: E402

CACHE = pathlib.Path(os.environ.get("MEDIA_VAULT_CACHE", pathlib.Path.home() / ".cache/media-vault"))
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", CACHE / "target"))
IMAGES = CACHE / "bench"
BINARY = ROOT / "target/release/media-vault"
# Beside the other material, which is on a disk; a temporary folder may be memory.
os.environ.setdefault("BENCH_DISK", str(IMAGES))


def example(name):
    # Built as the program it stands beside, decoder and all; the whole workspace, since one package alone would be compiled anew with fewer features.
    run("cargo", "build", "--profile", "dist", "--locked", "--workspace", "--bin", "media-decoder", "--example", name)
    return TARGET / "dist/examples" / name


def images(megapixels, count):
    folder = IMAGES / f"{megapixels}mp-{count}"
    print(f"making {count} photos of {megapixels} megapixels (once)", flush=True)
    run(sys.executable, "bench/images.py", folder, count, megapixels)
    return folder


def copied(folder, count):
    """As many files as it takes to measure for seconds. Made once."""
    place = folder.with_name(f"{folder.name}-copied-{count}")
    if not place.exists():
        print(f"copying {folder.name} into {count} files (once)", flush=True)
        unfinished = place.with_suffix(".part")
        unfinished.mkdir(exist_ok=True)
        copies.make(sorted(folder.glob("*.jpg")), unfinished, count)
        unfinished.rename(place)
        os.sync()
    return place


def converted(kind, count, source):
    folder = IMAGES / f"{kind}-{count}"
    print(f"making {count} pictures as {kind} (once)", flush=True)
    run(sys.executable, "bench/images.py", folder, count, kind, source)
    return folder


def likeness_of(folder, ours, count=6):
    """SSIM of the previews of both programs."""
    originals = sorted(folder.glob("*.jpg"))[:count]
    with tempfile.TemporaryDirectory() as place:
        mine, theirs, some = (pathlib.Path(place) / name for name in ("ours", "sharp", "some"))
        for one in (mine, theirs, some):
            one.mkdir()
        for original in originals:
            (some / original.name).symlink_to(original)
        run(ours, some, pathlib.Path(place) / "objects", os.cpu_count(), mine)
        run("node", "bench/sharp.mjs", some, os.cpu_count(), theirs)
        return likeness.ssim(originals, mine), likeness.ssim(originals, theirs)


def renditions(options):
    ours, rounds = example("renditions"), options.rounds + 1
    jpegs = images(12, options.photos)
    alike = likeness_of(jpegs, ours)
    lines = ["## Renditions: preview, thumbnail, thumbhash from one picture", "",
             "Media Vault with its sandboxed decoder processes, results encrypted, fsynced and in their places, against [sharp](https://sharp.pixelplumbing.com) at its fastest, results in memory (one decode for all outputs; libvips by its command "
             f"for HEIC, which sharp does not read), both with {os.cpu_count()} images at a time, same sizes, same quality: SSIM of the JPEG previews against Pillow's Lanczos {alike[0]:.4f}, sharp {alike[1]:.4f}. "
             f"Images per second, median of {rounds} rounds.", "",
             "| files | Media Vault | peer | ratio |", "|---|---|---|---|"]
    sets = [(f"{options.photos} JPEG of 12 MP", jpegs, "sharp"), (f"{options.photos // 2} JPEG of 24 MP", images(24, options.photos // 2), "sharp"),
            ("12 PNG of 12 MP", converted("png", 12, jpegs), "sharp"), ("12 WebP of 12 MP", converted("webp", 12, jpegs), "sharp"), ("4 HEIC of 12 MP", converted("heic", 4, jpegs), "vips")]
    for what, folder, peer in sets:
        other = ("node", "bench/sharp.mjs", folder, os.cpu_count()) if peer == "sharp" else (sys.executable, "bench/vips.py", folder, os.cpu_count())
        with tempfile.TemporaryDirectory(dir=IMAGES) as place:
            # A place of its own in each round.
            found = alternate(rounds, ours=lambda number, place=place: (ours, folder, f"{place}/{number}", os.cpu_count()), peer=other)
        mine, theirs = ([one["images_per_second"] for one in found[name]] for name in ("ours", "peer"))
        lines.append(f"| {what} | {statistics.median(mine):.1f} | {statistics.median(theirs):.1f} ({peer}) | {ratio(mine, theirs)} |")
    return lines


def ingest(options):
    folder = copied(images(12, options.photos), 300)
    lines = []
    for connections in (1, 4):
        found = alternate(options.rounds, http=(sys.executable, "bench/ingest.py", BINARY, folder, connections), plain=("node", "bench/plain-loop.mjs", folder, connections))
        http, plain = ([one["mb_per_second"] for one in found[name]] for name in ("http", "plain"))
        lines.append(f"| {connections} | {statistics.median(plain):.0f} | {statistics.median(http):.0f} | {ratio(http, plain)} |")
    one = found["http"][0]
    return ["## Ingest over HTTP", "",
            f"{one['files']} photos of {one['bytes'] / 1e6 / one['files']:.1f} MB, one `POST /api/v1/media` each; the answer means encrypted, fsynced, and committed. Against plain loops, as many side by side, that "
            f"read, hash (SHA-256), seal (AES-256-GCM), write and fsync the same files and do nothing else. Client, server, and disk share the {os.cpu_count()} cores. MB/s, median of {options.rounds} rounds.", "",
            "| connections | plain loops | Media Vault | ratio |", "|---|---|---|---|", *lines]


def write_engine(options):
    program = example("write_engine")
    runs = []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory(dir=IMAGES) as folder:
            runs.append(figures(program, folder, 64, 3))
        print(f"  round {number + 1}: {runs[-1]}", flush=True)
    one, many, times, fsync = (median(runs, key) for key in ("one_per_s", "many_per_s", "ratio", "fsync_per_s"))
    return ["## Write engine: the favourite use case on SQLite, durable", "",
            "Facts, policy, update, audit entry, durable commit. Use cases per second.", "",
            "| | per second |", "|---|---|", f"| one caller | {one:.0f} |", f"| 64 callers at once | **{many:.0f}** ({times:.0f}x) |",
            f"| this disk: 4 KiB append + fsync, one after another | {fsync:.0f} |"]


def timeline(options):
    found = figures("node", "bench/timeline_browser.mjs", env=os.environ | {"MEDIA_VAULT_SEED": str(example("seed"))})
    print(f"  {found}", flush=True)
    events = found["events_1000"]

    def frames(name, what):
        one = found[name]
        return f"| {what} | {one['frames']} | {one['longest_ms']:.0f} ms | {one['over_50_ms']} | {one['over_20_ms_percent']:.1f} % | {one['drawn_over_20_ms_percent']:.1f} % | {one['longest_task_cpu_ms']:.0f} ms |"

    return ["## Timeline of 1,000,000 photos in the browser", "",
            "Chromium without a graphics card (the processor draws every pixel), server, and browser on this one machine; rows generated over twenty years with one month of 70,000, "
            "thumbnails of real photos repeated. Frames from the browser's own trace, as its developer tools count them: from the tick of the screen a frame was begun for to that of the next one drawn. "
            "Within their ticks some are drawn later than others; the column behind counts those whose drawing was done more than 20 ms after the one before. Middle of three runs each.", "",
            "| | frames | longest | over 50 ms | over 20 ms | drawn later than 20 ms | longest work of the page in one go |", "|---|---|---|---|---|---|---|",
            frames("scrub", "scrubber dragged from newest to oldest and back, 10 s"),
            frames("month_of_70000", "wheel through the month of 70,000, 5 s"),
            frames("plain_boxes", "the same wheel over plain boxes: what browser and machine can do"), "",
            "| | |", "|---|---|",
            f"| first timeline paint, cold cache (median of 5) | **{found['first_paint_ms']} ms** |",
            f"| JavaScript heap after the scrubbing | {found['heap_mb']:.0f} MB |",
            f"| 1,000 photos arriving by events at once: main thread in all, longest task | {events['main_thread_cpu_ms']} ms, {events['longest_task_cpu_ms']:.0f} ms |"]


def browser_upload(options):
    found = figures("node", "bench/browser_upload.mjs", "--rounds", options.rounds)
    print(f"  {found}", flush=True)

    def row(where, name, what):
        mine = where[name]
        return f"| {what} | {statistics.median(mine):.0f} | {ratio(mine, where['curl'][:len(mine)])} |"

    loopback = found["loopback"]
    lines = ["## Upload from the browser", "",
             f"{found['files']} files of {found['bytes_each'] / 1e6:.0f} MB dropped as a folder onto the web app in Chromium, to the words that all were added; durable and encrypted on the server, "
             f"no thumbnails meanwhile. Beside it, in alternation, {found['connections']} curls, each with its part of the files over a connection that stays open, and one curl command for each file, {found['connections']} at a time. "
             f"Browser or curl, server, and disk share the {os.cpu_count()} cores of one machine. "
             "Over a cable (a virtual Ethernet that is held to its speed; half of the files) that is the limit; on loopback the processors are, and a page that does nothing but send (one round) shows what Chromium takes of them.", "",
             "| | MB/s | of curl that keeps its connections |", "|---|---|---|"]
    for megabits, where in found["gigabit"].items():
        lines.append(row(where, "curl", f"{int(megabits) / 1000:g} Gbit/s: curl"))
        lines.append(row(where, "app", f"{int(megabits) / 1000:g} Gbit/s: **the web app**"))
    return [*lines, row(loopback, "curl", "loopback: curl, connections kept"), row(loopback, "curl_each", "loopback: one curl command for each file"), row(loopback, "bare_page", "loopback: a page that only sends"), row(loopback, "app", "loopback: **the web app**"),
            "", f"On loopback the web app has {ratio(loopback['app'], loopback['curl_each'])} of the rate of one curl command for each file."]


def serving(options):
    rounds = options.rounds + 1
    found = figures(sys.executable, "bench/serving.py", BINARY, images(12, options.photos), rounds)
    print(f"  {found}", flush=True)

    def of(what, connections, who, key, runs="loads"):
        return statistics.median(one[key] for one in found[runs] if (one["what"], one["connections"], one["who"]) == (what, connections, who))

    def rates(what, connections, who):
        return [one["requests"] / one["seconds"] for one in found["loads"] if (one["what"], one["connections"], one["who"]) == (what, connections, who)]

    assert sum(one["errors"] for one in found["loads"]) == 0, "some requests failed"
    sizes = found["sizes"]
    lines = ["## Giving out what is kept", "",
             f"{sizes['thumbnails']['count']} thumbnails of {sizes['thumbnails']['bytes'] / sizes['thumbnails']['count'] / 1000:.0f} kB and an original of 100 MB: encrypted at rest, to somebody who is signed in and may see them, beside nginx with the same bytes as plain files. "
             f"The server keeps 16 MiB of thumbnails that were shown a moment ago open in memory; the {sizes['many thumbnails']['count']} of \"many\" have {sizes['many thumbnails']['bytes'] / 2**20:.0f} MiB and are asked for in turn, so that each is read and opened anew. "
             f"wrk (with a thread for each core), nginx or server, and disk share the {os.cpu_count()} cores; they alternate, median of {rounds} rounds of 2 s, after one that does not count; p99 of the requests of all rounds together.", "",
             "| | connections | Media Vault | nginx | ratio | p99 | nginx | CPU a request | nginx |", "|---|---|---|---|---|---|---|---|---|"]
    for what, connections in dict.fromkeys((one["what"], one["connections"]) for one in found["loads"]):
        mine, theirs = (rates(what, connections, who) for who in ("vault", "nginx"))
        p99, their_p99 = (of(what, connections, who, "p99_ms", "together") for who in ("vault", "nginx"))
        cpu, their_cpu = (of(what, connections, who, "cpu_ms_per_request") for who in ("vault", "nginx"))
        lines.append(f"| {what}, a second | {connections} | {statistics.median(mine):,.0f} | {statistics.median(theirs):,.0f} | {ratio(mine, theirs)} | {p99:.1f} ms | {their_p99:.1f} ms | {cpu:.3f} ms | {their_cpu:.3f} ms |")
    ranges = found["ranges"]
    memory = found["upload_mb"]
    return [*lines, "", f"64 KiB somewhere in the middle of a film of 10 GB: median {ranges['vault']['p50_ms']:.2f} ms, p99 {ranges['vault']['p99_ms']:.2f} ms "
            f"(nginx {ranges['nginx']['p50_ms']:.2f} and {ranges['nginx']['p99_ms']:.2f} ms).", "",
            f"Its upload by tus: {memory['before']:.0f} MB of server and children before, {memory['most']:.0f} MB at most meanwhile."]


def library(options):
    seed = example("seed")
    runs = figures(sys.executable, "bench/library.py", BINARY, seed, images(12, options.photos), IMAGES)
    acts = {"timeline": "months", "month": "500 photos of one month", "media": "one photo", "favorite": "favourite", "trash": "trash"}
    growth.draw(runs, acts, ROOT / "bench/growth.svg")
    # Said only if it was so.
    ahead = ", ahead of the machine's other programs (with a nice value of -10, the database's processes for the worker too)" if all(one["ahead"] for one in runs) else ""
    lines = ["## A library that grows", "",
             "Generated libraries on SQLite and PostgreSQL (with its durable settings). 100 requests a second in all, a fifth of each kind, by k6 (answers compressed as browsers ask for it over https), while a worker makes pictures of a backlog of 12 MP photos on one of the "
             f"{os.cpu_count()} cores, which k6 (that collects no garbage and writes nothing down meanwhile), server, and database share{ahead}. Milliseconds: median / p99, and in brackets p99 without the requests that were under way while the machine itself stood still, or queued behind that: a program of the highest priority on each core, "
             "which nothing but the host of a virtual machine can hold up, was woken more than 2 ms late. Start: from the command to the first answer, with a database that is not cached by SQLite.", "",
             f"| | rows | start | memory at rest | {' | '.join(acts.values())} | machine stood still |", f"|---|---|---|---|{'---|' * len(acts)}---|"]
    for one in runs:
        assert one["refused"] == 0, one
        waits = " | ".join(f"{one['waits'][name]['p50_ms']:.1f} / {one['waits'][name]['p99_ms']:.1f} ({one['waits'][name]['p99_awake_ms']:.1f})" for name in acts)
        still, touched = one["standstills"], sum(wait["touched"] for wait in one["waits"].values())
        stood = f"{still['times']} times, longest {still['longest_ms']:.0f} ms; {touched} requests" if still["watched"] else "not watched"
        lines.append(f"| {one['engine']} | {one['rows']:,} | {one['start_ms']:.0f} ms | {one['idle_mb']:.0f} MB | {waits} | {stood} |")
    lines += ["", "The same libraries: small photos of 50 kB in over 32 connections and thumbnails out over 16, while nothing else runs; photos of 3.8 MB by `media-vault import`, start and end of the program included. All a second.", "",
              "| | rows | small photos in | thumbnails out | photos imported |", "|---|---|---|---|---|"]
    lines += [f"| {one['engine']} | {one['rows']:,} | {one['small_files']:,.0f} | {one['thumbnails']:,.0f} | {one['imported']:.0f} |" for one in runs]
    return [*lines, "", "![Growth](growth.svg)"]


def small_files(options):
    found = figures(sys.executable, "bench/small_files.py", BINARY, options.rounds)
    mine = [one["requests"] / one["seconds"] for one in found["vault"]]
    return ["## Many small files", "",
            "Photos of 50 kB, one request each over 32 connections, acknowledged when encrypted, fsynced, and committed; no pictures meanwhile. Beside it 32 threads that write and fsync such files and do nothing else.", "",
            "| | a second |", "|---|---|", f"| Media Vault | **{statistics.median(mine):,.0f}** (p99 {median(found['vault'], 'p99_ms'):.0f} ms) |",
            f"| this disk | {statistics.median(found['disk']):,.0f} |", f"| ratio | {ratio(mine, found['disk'])} |"]


def whole_import(options):
    ours = example("renditions")
    found = figures(sys.executable, "bench/whole_import.py", BINARY, ours, images(12, options.photos), options.imported, options.rounds)
    photos = {"import": found["photos"], "renditions": found["photos_alone"]}
    # Of one photo, in each round.
    seconds, cpu = ({name: [one[key] / count for one in found[name]] for name, count in photos.items()} for key in ("seconds", "cpu_seconds"))

    def row(what, name):
        each = statistics.median(seconds[name])
        return f"| {what} | {photos[name]:,} | {each * photos[name]:.1f} | {1 / each:.1f} | {statistics.median(cpu[name]):.3f} | {median(found[name], 'peak_mb'):.0f} MB |"

    return ["## Import of a folder", "",
            f"{photos['import']:,} photos of 12 MP and {found['bytes'] / photos['import'] / 1e6:.1f} MB by `media-vault import --wait`: read, hashed, sealed, stored, described, pictures made, all durable. Beside it, in alternation, "
            "the rendition work alone: the same decoders over one half of the files in one round and the other in the next, their pictures encrypted and durable in their places. "
            f"Median of {options.rounds} rounds; the ratio is of the time of one photo.", "",
            "| | photos | seconds | photos a second | CPU seconds a photo | most memory |", "|---|---|---|---|---|---|",
            row("the whole import", "import"), row("pictures alone", "renditions"),
            f"| ratio | | {ratio(seconds['import'], seconds['renditions'])} | | {statistics.median(cpu['import']) / statistics.median(cpu['renditions']):.2f} | |"]


def crowd(options):
    found = figures(sys.executable, "bench/crowd.py", BINARY, example("seed"), images(12, options.photos), IMAGES)
    assert found["refused"] == 0, found
    acts = {"timeline": "months", "month": "500 photos of a month", "media": "one photo"}
    return ["## A crowd", "",
            f"2,000 open event streams and 200 people (k6) who look through a library of 1,000,000 rows on SQLite, {found['requests']:,} requests, {found['changes']} changes told to every stream ({found['told']:,} messages came); "
            f"none refused, none cut. The server had {found['memory_mb']:.0f} MB with the streams open.", "",
            "| | median | p99 |", "|---|---|---|", *(f"| {what} | {found['waits'][name]['p50_ms']:.1f} ms | {found['waits'][name]['p99_ms']:.1f} ms |" for name, what in acts.items())]


# Parts that make many files come behind others that remove few (see `settle`); the one that counts single frames comes first of all.
PARTS = {"timeline": timeline, "import": whole_import, "small-files": small_files, "crowd": crowd, "renditions": renditions, "library": library, "serving": serving, "ingest": ingest, "write-engine": write_engine,
         "browser-upload": browser_upload}


def settle():
    """ext4 without a journal does not give the inode of a removed file to a new one for a minute, or for five while the removal is not written; whoever makes files meanwhile searches long."""
    os.sync()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}; all of them if none is named")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--imported", type=int, default=2000)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no {', '.join(unknown)}: the parts are {', '.join(PARTS)}")
    place = ROOT / "bench/results"
    place.mkdir(exist_ok=True)
    for name in options.parts or PARTS:
        print(f"{name}:", flush=True)
        began = time.perf_counter()
        keep(place, name, PARTS[name](options))
        settle()
        print(f"  {time.perf_counter() - began:.0f} s", flush=True)
    page = ["# Results", "", "Written by `make bench`. Each part says when and on what it was measured; ratios hold better than absolute figures. A ratio is of what was measured in the same round: the median, "
            "and the lowest and the highest.", ""]
    page += [(place / f"{name}.md").read_text() for name in PARTS if (place / f"{name}.md").exists()]
    (ROOT / "bench/RESULTS.md").write_text("\n".join(page))
    print("wrote bench/RESULTS.md")


main()
