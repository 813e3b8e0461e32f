# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG: small, and the same for the same results."""

import math
from xml.sax.saxutils import escape

import targets
from tables import WAYS, Results, number

COLOURS = {
    ("pto", "device-built"): "#1b6ca8",
    ("pto", "replay"): "#7fb8e6",
    ("oneTBB", "build + run"): "#d1682f",
    ("oneTBB", "second run"): "#f0b48c",
    ("libgomp", "build + run"): "#6a9a3a",
    ("libomp", "build + run"): "#8e5ea2",
}
LABELS = {way: WAYS[way].split(" (")[0] for way in COLOURS}
FONT = 'font-family="sans-serif" font-size="12"'
WIDTH, LEFT, RIGHT, TOP, BAR = 760, 90, 60, 40, 11


class Svg:
    def __init__(self, height, title):
        self.height = height
        self.parts = [f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>']
        self.text(LEFT, 20, title, weight="bold")

    def text(self, x, y, text, anchor="start", weight="normal", fill="#222222"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
                          f'fill="{fill}">{escape(text)}</text>')

    def rectangle(self, x, y, width, height, fill):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>')

    def line(self, points, stroke, width=1.0, dashes=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        style = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width}"{style}/>')

    def write(self, file):
        file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" {FONT}>\n' +
                        "\n".join(self.parts) + "\n</svg>\n", encoding="utf-8")


class Scale:
    """A logarithmic axis."""

    def __init__(self, values, begin, end):
        self.low = 10 ** math.floor(math.log10(min(values)))
        self.high = 10 ** math.ceil(math.log10(max(values) * 1.001))
        self.begin, self.end = begin, end

    def at(self, value):
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self):
        decade = self.low
        while decade <= self.high * 1.001:
            yield decade
            decade *= 10


def short(value):
    return f"{value:g}" if value < 1e4 else f"{value:.0e}".replace("e+0", "e")


def legend(svg, ways, y):
    x = LEFT
    for way in ways:
        width = 7 * len(LABELS[way]) + 30
        if x + width > WIDTH:
            x, y = LEFT, y + 18
        svg.rectangle(x, y - 9, 10, 10, COLOURS[way])
        svg.text(x + 14, y, LABELS[way])
        x += width


def bars(results, question, cases, names, title, unit, goals, file):
    """Groups of horizontal bars on a logarithmic axis; `goals` are the lines (value, way) of targets."""
    values = {(case, way): results.value(question, way[0], case, way[1]) for case in cases for way in COLOURS}
    ways = [way for way in COLOURS if any(values[case, way] is not None for case in cases)]
    finite = [value for value in values.values() if value is not None and not math.isinf(value)]
    if not finite:
        return
    group = BAR * len(ways) + 10
    bottom = TOP + group * len(cases)
    svg = Svg(bottom + 64, f"{title}, {unit}")
    scale = Scale(finite + [goal for goal, _ in goals], LEFT, WIDTH - RIGHT)
    for tick in scale.ticks():
        svg.line([(scale.at(tick), TOP - 6), (scale.at(tick), bottom)], "#dddddd")
        svg.text(scale.at(tick), bottom + 14, short(tick), "middle")
    for row, case in enumerate(cases):
        y = TOP + group * row
        svg.text(LEFT - 8, y + group / 2, names[row], "end")
        for index, way in enumerate(ways):
            value = values[case, way]
            if value is None:
                continue
            end = WIDTH - RIGHT if math.isinf(value) else scale.at(value)
            svg.rectangle(LEFT, y + index * BAR, max(end - LEFT, 1), BAR - 2, COLOURS[way])
            label = f"> {targets.NEVER_US:.0f}" if math.isinf(value) else number(value)
            svg.parts.append(f'<text x="{end + 4:.1f}" y="{y + index * BAR + 8:.1f}" font-size="9" '
                             f'fill="#444444">{escape(label)}</text>')
    for goal, way in goals:
        svg.line([(scale.at(goal), TOP - 6), (scale.at(goal), bottom)], COLOURS[way], 1.5, "4 3")
    legend(svg, ways, bottom + 34)
    svg.write(file)


def curves(title, x_title, y_title, lines, x_scale, y_at, y_ticks, file):
    """`lines` are (label, colour, points)."""
    bottom = 340
    svg = Svg(bottom + 80, title)
    for tick in x_scale.ticks():
        svg.line([(x_scale.at(tick), TOP), (x_scale.at(tick), bottom)], "#dddddd")
        svg.text(x_scale.at(tick), bottom + 14, short(tick), "middle")
    for tick in y_ticks:
        svg.line([(LEFT, y_at(tick)), (WIDTH - RIGHT, y_at(tick))], "#dddddd")
        svg.text(LEFT - 6, y_at(tick) + 4, short(tick), "end")
    svg.text((LEFT + WIDTH - RIGHT) / 2, bottom + 32, x_title, "middle")
    svg.text(LEFT - 60, TOP - 8, y_title)
    for label, colour, points in lines:
        svg.line([(x_scale.at(x), y_at(y)) for x, y in points], colour, 2)
    x, y = LEFT, bottom + 52
    for label, colour, _ in lines:
        width = 7 * len(label) + 30
        if x + width > WIDTH:
            x, y = LEFT, y + 18
        svg.rectangle(x, y - 9, 10, 10, colour)
        svg.text(x + 14, y, label)
        x += width
    svg.write(file)


def efficiency(results, file):
    lines = []
    for way, colour in COLOURS.items():
        for figure in results.of("metg", way[0]):
            if figure["case"] == "stencil/16" and figure["figure"] == way[1] and figure.get("points"):
                # From small tasks to large ones.
                points = [(point[1] / 1e3, min(point[2], 1.0)) for point in figure["points"]]
                lines.append((LABELS[way], colour, points))
    if lines:
        x_scale = Scale([x for _, _, points in lines for x, _ in points], LEFT, WIDTH - RIGHT)
        curves("Stencil of width 16: efficiency over the size of tasks", "wall time x workers / tasks, us",
               "share of the peak", lines, x_scale, lambda y: 340 - y * 300, (0, 0.25, 0.5, 0.75, 1), file)


def scaling(results, file):
    lines = []
    names = {"scopes of 1000": ("#1b6ca8", "#7fb8e6"), "one scope, max_tasks raised": ("#d1682f", "#f0b48c")}
    for name, colours in names.items():
        for way, colour in zip(("device-built", "replay"), colours):
            points = [(float(figure["case"].removeprefix(name + ", ").split()[0]), figure["median"])
                      for figure in results.of("scaling", "pto")
                      if figure["case"].startswith(name + ", ") and figure["figure"] == way]
            if points:
                lines.append((f"{name}, {way}", colour, sorted(points)))
    if lines:
        values = [y for _, _, points in lines for _, y in points]
        step = 10 ** math.floor(math.log10(max(values)))
        top = math.ceil(max(values) / step) * step
        x_scale = Scale([x for _, _, points in lines for x, _ in points], LEFT, WIDTH - RIGHT)
        curves("Empty tasks of chains", "tasks of a run", "ns per task", lines, x_scale,
               lambda y: 340 - y / top * 300, [top * part / 4 for part in range(5)], file)


def write_all(results, folder):
    results = Results(results)
    folder.mkdir(parents=True, exist_ok=True)
    device, replay = ("pto", "device-built"), ("pto", "replay")
    bars(results, "tasks", targets.GRAPHS, targets.GRAPHS, "Cost per empty task", "ns; dashed: targets",
         ((60, device), (12, replay)), folder / "tasks.svg")
    for width, cases, goals in ((16, targets.WIDE, (1.0, 0.35)), (2, targets.NARROW, (2.0, 0.8))):
        bars(results, "metg", cases, targets.PATTERNS, f"METG(50 %), width {width}", "us; dashed: targets",
             tuple(zip(goals, (device, replay))), folder / f"metg_{width}.svg")
    efficiency(results, folder / "efficiency.svg")
    scaling(results, folder / "scaling.svg")
