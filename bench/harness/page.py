# SPDX-License-Identifier: BSD-3-Clause
"""The report's page: one HTML file that needs nothing else, light or dark after the reader's system; and how the parts
write numbers and tables."""
import html
import re

from page_style import STYLE

PEER_NAMES = {'libgomp': 'gcc / libgomp', 'libomp': 'clang / libomp', 'onetbb': 'oneTBB', 'serial': 'serial',
              'openmp': 'better OpenMP'}


def text(value):
    return html.escape(str(value))


def number(value, digits=3):
    """A figure with so many significant digits, thousands set apart."""
    if value is None:
        return '\u2013'
    if abs(value) >= 10 ** digits:
        return f'{value:,.0f}'.replace(',', '\u202f')
    return f'{value:.{digits}g}'


def duration(ns):
    """Nanoseconds as a reader says them."""
    if ns is None:
        return '\u2013'
    for limit, unit in ((1e3, 'ns'), (1e6, '\u00b5s'), (1e9, 'ms')):
        if ns < limit:
            return f'{ns / limit * 1e3:.3g} {unit}'
    return f'{ns / 1e9:.3g} s'


def table(head, rows, first_left=1):
    """An HTML table; cells are HTML already. first_left: how many columns are texts."""
    def cells(kind, row):
        return ''.join(f'<{kind} class="{"l" if i < first_left else "r"}">{cell}</{kind}>' for i, cell in enumerate(row))
    body = ''.join(f'<tr>{cells("td", row)}</tr>\n' for row in rows)
    return f'<div class="wide"><table><thead><tr>{cells("th", head)}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n'


def spread(fig, scale=1.0):
    """Median with the range of the runs behind it."""
    if not fig:
        return '\u2013'
    return (f'{number(fig["median"] * scale)}<span class="s"> {number(fig["min"] * scale)}\u2013'
            f'{number(fig["max"] * scale)}</span>')


def ratio_cell(found):
    if not found:
        return '\u2013'
    return f'<span class="v {found["verdict"]}">{found["ratio"]:.2f}\u00d7</span>'


def rate(per_second):
    """Operations per second as a reader says them."""
    if per_second is None:
        return '\u2013'
    return f'{per_second / 1e6:.3g} M' if per_second >= 1e6 else f'{per_second / 1e3:.3g} K'


def tree_section(report):
    machine = report['machine']
    svg = (machine['tree'].get('svg') or '')
    svg = re.sub(r'<\?xml[^>]*>|<!DOCTYPE[^>]*>', '', svg)
    shown = f'<figure class="tree">{svg}</figure>\n' if svg else ''
    if not svg and machine['tree'].get('text'):
        shown = f'<pre>{text(machine["tree"]["text"])}</pre>\n'
    return f'<h2 id="machine">The machine as a distribution tree</h2>\n<p>{text(machine["reason"])}.</p>\n{shown}'


def method_section(report):
    machine, noise = report['machine'], report['noise']
    versions = ', '.join(text(v) for v in (machine['gcc'], machine['clang'],
                                           machine['onetbb'] and f'oneTBB {machine["onetbb"]}') if v)
    probes = ''.join(f'<li>{text(p["when"])}: {number(p["loop_ns"])} ns per step of a fixed loop, '
                     f'{number(p["line_ns"])} ns for a cache line from core to core; load average {number(p["load"])}</li>' for p in noise)
    missing = ''.join(f'<li>Left out, because it is not installed: {text(what)}</li>' for what in report['missing'].values())
    return (f'<h2 id="method">How this was measured</h2>\n<ul>\n<li>{text(machine["cpu"])}, {text(machine["system"])}, Linux '
            f'{text(machine["kernel"])}, {number(machine["memory_gib"])} GiB</li>\n<li>{text(machine["ramify"] or "ramify")}; {versions}; every form with -O3, the '
            'libomp forms by clang, all others by gcc. The kernels are one source for all forms.</li>\n'
            f'<li>{machine["workers"]} workers, on CPUs {text(", ".join(map(str, machine["cpus_used"])))}: the process confined '
            'to these, OpenMP by OMP_PLACES=cores OMP_PROC_BIND=close, oneTBB by an observer that binds each thread, Ramify '
            'by itself; on fewer workers the first of them. The serial forms on one.</li>\n'
            f'<li>Each run is a process of its own; {report["repeats"]} runs of each form, interleaved A B C A B C; medians, '
            'with least and most. Starting the runtime and making the input are not timed.</li>\n'
            '<li>Every run is checked against the serial form or a published result; RAMIFY_, OMP_, KMP_ and TBB_ '
            f'variables of the caller are not passed on.</li>\n{missing}'
            f'<li>What the machine did by itself:<ul>{probes}</ul></li>\n</ul>\n')


def page(report, sections):
    """sections: the HTML of the parts, in order."""
    failures = ''.join(f'<li>{text(f)}</li>' for f in report['failures'])
    alarm = f'<div class="alarm"><b>This run failed its checks.</b><ul>{failures}</ul></div>\n' if failures else ''
    machine = report['machine']
    kind = 'quick run' if report['quick'] else 'full run'
    warning = f'<p class="note"><b>Take these figures with care:</b> {text(report["busy"])}.</p>\n' if report['busy'] else ''
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Ramify on {text(machine["cpu"])}</title>\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head>\n<body>\n'
            f'<header><div><h1>Ramify on this machine</h1><p>{text(machine["cpu"])} \u00b7 {machine["workers"]} workers \u00b7 {kind} of '
            f'{text(report["started"])} \u00b7 {number(report["seconds"])} s \u00b7 <a href="report.json">report.json</a></p></div></header>\n'
            f'<main>{alarm}{warning}{tree_section(report)}{sections}{method_section(report)}</main>\n</body></html>\n')
