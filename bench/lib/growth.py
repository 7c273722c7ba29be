"""A picture of how a library's figures grow with it: a panel for each, both axes logarithmic."""

import math

WIDTH, PANEL, HEIGHT, GAP, LEFT, TOP = 1000, 160, 180, 24, 60, 64
COLOURS = {"sqlite": "#0f766e", "postgres": "#4f46e5"}
DASH = ' stroke-dasharray="4 3"'
MILLISECONDS = (0.1, 1, 10, 100)
A_SECOND = (10, 100, 1000, 10_000, 100_000)
MEGABYTES = (1, 10, 100)


class Panel:
    """One figure against the rows of the library."""

    def __init__(self, title, left, top, sizes, marks, has_labels):
        self.left, self.top, self.sizes, self.marks = left, top, sizes, marks
        self.parts = [f'<text x="{left}" y="{top - 6}" font-weight="600">{title}</text>']
        for mark in marks:
            self.parts.append(f'<line x1="{left}" y1="{self.y(mark):.1f}" x2="{left + PANEL}" y2="{self.y(mark):.1f}" stroke="#e5e7eb"/>')
            if has_labels:
                self.parts.append(f'<text x="{left - 8}" y="{self.y(mark) + 4:.1f}" text-anchor="end">{mark:,g}</text>')
        for rows in sizes:
            label = f"{rows // 1_000_000} M" if rows >= 1_000_000 else f"{rows // 1000} k"
            self.parts.append(f'<text x="{self.x(rows):.1f}" y="{top + HEIGHT + 18}" text-anchor="middle">{label}</text>')

    def x(self, rows):
        span = math.log10(self.sizes[-1] / self.sizes[0]) or 1
        return self.left + 12 + (PANEL - 24) * math.log10(rows / self.sizes[0]) / span

    def y(self, value):
        low, high = self.marks[0], self.marks[-1]
        return self.top + HEIGHT * (1 - math.log10(min(max(value, low), high) / low) / math.log10(high / low))

    def line(self, runs, value, dash=""):
        for engine, colour in COLOURS.items():
            mine = sorted((one for one in runs if one["engine"] == engine), key=lambda one: one["rows"])
            points = " ".join(f"{self.x(one['rows']):.1f},{self.y(value(one)):.1f}" for one in mine)
            self.parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')


def draw(runs, waits, path):
    """`runs`: as bench/library.py prints them. `waits`: name -> title of what people wait for."""
    sizes = sorted({one["rows"] for one in runs})
    second = TOP + HEIGHT + 64
    panels = []

    def panel(title, nth, top, marks, has_labels):
        panels.append(Panel(title, LEFT + nth * (PANEL + GAP), top, sizes, marks, has_labels))
        return panels[-1]

    for nth, (name, title) in enumerate(waits.items()):
        one = panel(title, nth, TOP, MILLISECONDS, nth == 0)
        one.line(runs, lambda one, name=name: one["waits"][name]["p50_ms"])
        one.line(runs, lambda one, name=name: one["waits"][name]["p99_awake_ms"], DASH)
    for nth, (name, title) in enumerate({"small_files": "small photos in, a second", "thumbnails": "thumbnails out", "imported": "photos imported"}.items()):
        panel(title, nth, second, A_SECOND, nth == 0).line(runs, lambda one, name=name: one[name])
    rest = panel("MB at rest, start in 10 ms", 4, second, MEGABYTES, True)
    rest.line(runs, lambda one: one["idle_mb"])
    rest.line(runs, lambda one: one["start_ms"] / 10, DASH)
    engines = ", ".join(f'<tspan fill="{COLOURS[engine]}">{name}</tspan>' for engine, name in {"sqlite": "SQLite", "postgres": "PostgreSQL"}.items())
    legend = (f"{engines}. Waits in ms by rows of the library: solid median, dashed p99 while the machine ran.", "Below: what gets done a second; memory at rest (solid) and start (dashed).")
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {second + HEIGHT + 32}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">',
             f'<rect width="{WIDTH}" height="{second + HEIGHT + 32}" fill="#fff"/>',
             *(f'<text x="{LEFT}" y="{18 + 18 * nth}" font-size="13">{line}</text>' for nth, line in enumerate(legend)),
             *(part for one in panels for part in one.parts), "</svg>"]
    path.write_text("\n".join(parts) + "\n")
