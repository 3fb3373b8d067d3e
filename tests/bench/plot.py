"""The picture of the benchmark: CPU time per review of every server, one panel a Pod size, as SVG.

A point is the median, its line the range of the visits. The axis is logarithmic, since the servers
lie up to two orders of magnitude apart: equal distances are equal ratios.
"""

from html import escape
from math import ceil, floor, log10

from report import digits, pretty_size

WIDTH, LEFT, RIGHT = 860, 290, 90
TOP, ROW, PANEL_HEAD, PANEL_FOOT, NOTE = 48, 26, 28, 34, 28
COLOURS = {"webhook": "#0b6e4f", "floor": "#6b7280", "transport": "#6b7280"}
OTHER = "#b45309"


class Drawing:
    def __init__(self, height):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="13">',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        ]

    def text(self, x, y, words, anchor="start", colour="#111827", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
                          f'font-weight="{weight}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, colour, width=1):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{colour}" stroke-width="{width}"/>')

    def dot(self, x, y, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>')

    def finish(self):
        return "\n".join(self.parts + ["</svg>", ""])


def pretty_time(seconds):
    """Seconds per review in the unit that reads best."""
    if seconds < 1e-3:
        return f"{digits(seconds * 1e6)} µs"
    return f"{digits(seconds * 1e3)} ms"


def decade(exponent):
    unit, name = (-6, "µs") if exponent < -3 else (-3, "ms") if exponent < 0 else (0, "s")
    return f"{10 ** (exponent - unit):.0f} {name}"


def panel(drawing, top, servers, summary, size):
    found = {server.name: summary[server.name][size] for server in servers}
    low = floor(log10(min(s["least"] for s in found.values()) / 1000))
    high = ceil(log10(max(s["most"] for s in found.values()) / 1000))

    def across(cpu_s_per_1000):
        share = (log10(cpu_s_per_1000 / 1000) - low) / (high - low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    bottom = top + PANEL_HEAD + ROW * len(servers)
    drawing.text(20, top + 16, f"{pretty_size(size)} Pod", weight="bold")
    for exponent in range(low, high + 1):
        x = across(1000 * 10.0**exponent)
        drawing.line(x, top + PANEL_HEAD - 6, x, bottom, "#e5e7eb")
        drawing.text(x, bottom + 16, decade(exponent), "middle", "#6b7280")
    for i, server in enumerate(servers):
        y = top + PANEL_HEAD + ROW * i + ROW / 2
        s, colour = found[server.name], COLOURS.get(server.name, OTHER)
        drawing.text(LEFT - 14, y + 4, server.title, "end")
        drawing.line(across(s["least"]), y, across(s["most"]), y, colour, 3)
        drawing.dot(across(s["cpu_s_per_1000"]), y, colour)
        drawing.text(across(s["most"]) + 14, y + 4, pretty_time(s["cpu_s_per_1000"] / 1000),
                     colour=colour)


def draw(servers, summary, sizes, note):
    """The whole picture as SVG text."""
    height_of_panel = PANEL_HEAD + ROW * len(servers) + PANEL_FOOT
    drawing = Drawing(TOP + height_of_panel * len(sizes) + NOTE)
    drawing.text(20, 28, "CPU time per admission review (logarithmic; point: median, line: range)",
                 weight="bold")
    for i, size in enumerate(sizes):
        panel(drawing, TOP + height_of_panel * i, servers, summary, size)
    drawing.text(20, TOP + height_of_panel * len(sizes) + 10, note, colour="#6b7280")
    return drawing.finish()
