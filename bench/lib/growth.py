"""A picture of how waits grow with the library: one panel for each kind of request, both axes logarithmic."""

import math

WIDTH, HEIGHT, PANEL, GAP, LEFT, TOP = 1000, 300, 160, 24, 56, 40
COLOURS = {"sqlite": "#0f766e", "postgres": "#4f46e5"}
MILLISECONDS = (0.1, 1, 10, 100)


def draw(runs, path):
    """`runs`: as bench/library.py prints them."""
    sizes = sorted({one["rows"] for one in runs})
    names = list(runs[0]["waits"])
    bottom = TOP + 200

    def y(ms):
        low, high = math.log10(MILLISECONDS[0]), math.log10(MILLISECONDS[-1])
        return bottom - 200 * (math.log10(min(max(ms, MILLISECONDS[0]), MILLISECONDS[-1])) - low) / (high - low)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
             f'<text x="{LEFT}" y="18" font-size="13">Waits in ms by rows of the library: solid median, dashed p99; '
             f'<tspan fill="{COLOURS["sqlite"]}">SQLite</tspan>, <tspan fill="{COLOURS["postgres"]}">PostgreSQL</tspan></text>']
    for nth, name in enumerate(names):
        left = LEFT + nth * (PANEL + GAP)

        def x(rows, left=left):
            span = math.log10(sizes[-1] / sizes[0]) or 1
            return left + 12 + (PANEL - 24) * math.log10(rows / sizes[0]) / span

        parts.append(f'<text x="{left}" y="{TOP - 6}" font-weight="600">{name}</text>')
        for ms in MILLISECONDS:
            parts.append(f'<line x1="{left}" y1="{y(ms):.1f}" x2="{left + PANEL}" y2="{y(ms):.1f}" stroke="#e5e7eb"/>')
            if nth == 0:
                parts.append(f'<text x="{left - 8}" y="{y(ms) + 4:.1f}" text-anchor="end">{ms:g}</text>')
        for rows in sizes:
            label = f"{rows // 1_000_000} M" if rows >= 1_000_000 else f"{rows // 1000} k"
            parts.append(f'<text x="{x(rows):.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
        for engine, colour in COLOURS.items():
            mine = sorted((one for one in runs if one["engine"] == engine), key=lambda one: one["rows"])
            for key, dash in (("p50_ms", ""), ("p99_ms", ' stroke-dasharray="4 3"')):
                points = " ".join(f"{x(one['rows']):.1f},{y(one['waits'][name][key]):.1f}" for one in mine)
                parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
    parts.append("</svg>")
    path.write_text("\n".join(parts) + "\n")
