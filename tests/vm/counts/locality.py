# SPDX-License-Identifier: BSD-3-Clause
"""The table of counted locality as text, Markdown and SVG, and its goals. Pure functions over table.py's JSON.

A row is the run of median remote accesses; goals are judged by the median of each figure over a row's runs."""
from statistics import median

EVEN = ("jacobi", "product", "sort")
NAMES = {"loops": "static loops", "tasks": "tasks", "plain": "without hints", "affinity": "with affinity"}
WHAT = ("Counts from a model, not time: user-mode accesses of 8 emulated CPUs on 4 nodes, through modelled caches, by the "
        "node on which the guest's kernel placed the page.")


def share(part, whole):
    return part / whole if whole else 0.0


def local_share(counts):
    return share(counts["local_dram"], counts["local_dram"] + counts["remote_dram"])


def spread(values):
    """How far the worker that is furthest from the mean is off it."""
    mean = share(sum(values), len(values))
    return share(max(abs(v - mean) for v in values), mean) if values else 0.0


def padded(values, workers=8):
    return values + [0] * (workers - len(values))


def balance(row):
    return spread(padded(row["tasks"] if row["kernel"] in EVEN else row["work"]))


def name(row):
    return f"{row['runtime']} {NAMES[row['form']]}"


def groups(rows):
    """(kernel, its rows) in the order of the rows."""
    kernels = list(dict.fromkeys(row["kernel"] for row in rows))
    return [(kernel, [row for row in rows if row["kernel"] == kernel]) for kernel in kernels]


def total(rows, runtime, form, field):
    return sum(row["counts"][field] for row in rows if (row["runtime"], row["form"]) == (runtime, form))


def goal(what, bound, figures, unit, met):
    """figures: of all runs. met: whether a figure, their median, is enough."""
    value = f"{median(figures):.1f}{unit}"
    if len(figures) > 1:
        value += f", {min(figures):.1f} to {max(figures):.1f} in {len(figures)} runs"
    return {"goal": what, "bound": bound, "value": value, "met": met(median(figures))}


def totals(rows, runtime, form, field):
    """The sum over all kernels, for each repetition."""
    own = [row for row in rows if (row["runtime"], row["form"]) == (runtime, form)]
    repeats = min((len(row["runs"]) for row in own), default=0)
    return [sum(row["runs"][i]["counts"][field] for row in own) for i in range(repeats)]


def goals(rows):
    """What the project set out to reach, each with the figure it came to."""
    ours = [row for row in rows if (row["runtime"], row["form"]) == ("ramify", "affinity")]
    said = [goal(f"{row['kernel']}: accesses to memory that are local", "at least 95 %",
                 [100 * local_share(run["counts"]) for run in row["runs"]], " %", lambda v: v >= 95) for row in ours]
    for row in ours:
        bound = 10 if row["kernel"] in EVEN else 20
        unit = "tasks" if row["kernel"] in EVEN else "work"
        said.append(goal(f"{row['kernel']}: {unit} per worker, furthest from the mean", f"within {bound} %",
                         [100 * run["balance"] for run in row["runs"]], " %", lambda v, bound=bound: v <= bound))
    for runtime in ("libgomp", "libomp"):
        for field, what, times in (("remote_dram", "remote accesses", 10), ("transfers", "cross-socket transfers", 5)):
            theirs, own = totals(rows, runtime, "tasks", field), totals(rows, "ramify", "affinity", field)
            if own and theirs:
                said.append(goal(f"{what} of all kernels, beside {runtime} tasks", f"{times} times fewer",
                                 [median(theirs) / max(v, 1) for v in own], " times fewer",
                                 lambda v, times=times: v >= times))
    return said


def cells(row):
    counts = row["counts"]
    return [name(row), f"{counts['shared_hits']:,}", f"{counts['transfers']:,}", f"{counts['local_dram']:,}",
            f"{counts['remote_dram']:,}", f"{100 * local_share(counts):.1f} %",
            f"{min(padded(row['tasks']))}..{max(padded(row['tasks']))}", f"{100 * balance(row):.0f} %"]


HEAD = ["form", "node's cache", "cross-socket", "local memory", "remote memory", "local", "tasks per worker", "off mean"]


def text(table):
    lines = [WHAT, f"{table['facts']['emulator']}; caches in KiB: {table['facts']['caches_kib']}", ""]
    for kernel, rows in groups(table["rows"]):
        body = [HEAD] + [cells(row) for row in rows]
        widths = [max(len(line[i]) for line in body) for i in range(len(HEAD))]
        lines.append(kernel)
        for line in body:
            lines.append("  " + line[0].ljust(widths[0]) + "".join("  " + c.rjust(w) for c, w in zip(line[1:], widths[1:])))
        lines.append("")
    for g in table["goals"]:
        lines.append(f"{'met' if g['met'] else 'NOT MET'}: {g['goal']}: {g['value']} ({g['bound']})")
    return "\n".join(lines) + "\n"


def markdown(table):
    """For a README: the sums of all kernels, then what is local in each."""
    rows = table["rows"]
    kernels = [kernel for kernel, _ in groups(rows)]
    lines = [WHAT, "", "| | " + " | ".join(f"{k}: local" for k in kernels) + " | remote accesses | cross-socket transfers |",
             "|---|" + "---:|" * (len(kernels) + 2)]
    for runtime, form in dict.fromkeys((row["runtime"], row["form"]) for row in rows):
        own = {row["kernel"]: row for row in rows if (row["runtime"], row["form"]) == (runtime, form)}
        shares = " | ".join(f"{100 * local_share(own[k]['counts']):.1f} %" for k in kernels)
        lines.append(f"| {runtime} {NAMES[form]} | {shares} | {total(rows, runtime, form, 'remote_dram'):,} "
                     f"| {total(rows, runtime, form, 'transfers'):,} |")
    return "\n".join(lines) + "\n"


BAR, GAP, LEFT, WIDE = 13, 10, 170, 640
COLOURS = (("shared_hits", "#c6dbef", "node's cache"), ("local_dram", "#3182bd", "local memory"),
           ("remote_dram", "#e6550d", "remote memory"), ("transfers", "#7f2704", "another socket's cache"))


def svg(table):
    """A bar per row: what the private caches did not serve, and who did."""
    parts, y = [], 40
    for kernel, rows in groups(table["rows"]):
        most = max(sum(row["counts"][field] for field, _, _ in COLOURS) for row in rows)
        parts.append(f'<text x="4" y="{y + 11}" font-weight="bold">{kernel}</text>')
        y += BAR + 4
        for row in rows:
            x = float(LEFT)
            parts.append(f'<text x="{LEFT - 6}" y="{y + 10}" text-anchor="end">{name(row)}</text>')
            for field, colour, _ in COLOURS:
                wide = WIDE * share(row["counts"][field], most)
                parts.append(f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{BAR - 2}" fill="{colour}"/>')
                x += wide
            parts.append(f'<text x="{x + 5:.1f}" y="{y + 10}">{100 * local_share(row["counts"]):.0f} %</text>')
            y += BAR
        y += GAP
    legend = "".join(f'<rect x="{LEFT + 150 * i}" y="10" width="11" height="11" fill="{colour}"/>'
                     f'<text x="{LEFT + 150 * i + 16}" y="20">{label}</text>' for i, (_, colour, label) in enumerate(COLOURS))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDE + 60}" height="{y}" font-family="sans-serif" '
            f'font-size="11" fill="currentColor">\n<title>{WHAT} Percentages: local share of memory accesses.</title>\n{legend}\n' +
            "\n".join(parts) + "\n</svg>\n")
