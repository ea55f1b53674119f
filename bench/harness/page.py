# SPDX-License-Identifier: BSD-3-Clause
"""The report's page: one HTML file that needs nothing else, light or dark after the reader's system."""
import html
import re

from page_style import STYLE
from job_list import DEFAULT_POLICY, MISSION_FACTOR

PEER_NAMES = {'libgomp': 'gcc / libgomp', 'libomp': 'clang / libomp', 'onetbb': 'oneTBB', 'serial': 'serial',
              'openmp': 'better OpenMP'}
MICRO_TITLES = {
    'handoff-spin': 'Hand-off to a spinning worker', 'handoff-parked': 'Hand-off to a sleeping worker',
    'external-single': 'Empty tasks, one producer outside the pool, one by one',
    'external-batch': 'Empty tasks, one producer outside the pool, in batches',
    'external-many': 'Empty tasks, two producers outside the pool',
    'external-100ns': 'Tasks of 100 ns, one producer outside the pool',
    'inside-single': 'Empty tasks, one producer in the pool, one by one',
    'inside-batch': 'Empty tasks, one producer in the pool, in batches',
    'inside-many': 'Empty tasks, every worker produces', 'flat-100ns': 'Tasks of 100 ns, one producer in the pool',
    'paced-inside': 'Latency at the mission\'s rates, a worker produces',
    'paced-outside': 'Latency at the mission\'s rates, producer outside', 'start-stop': 'Start and stop', 'memory': 'Memory over many tasks',
    'idle': 'An idle runtime',
}

FIELD_NAMES = {
    'threads_us': 'as many bare threads, \u00b5s', 'discover_us': 'a runtime that discovers the machine, \u00b5s',
    'shared_tree_us': 'a runtime on a shared tree, \u00b5s', 'before_kib': 'resident before, KiB', 'most_kib': 'at most, KiB',
    'after_kib': 'after, KiB', 'cpu_ms_per_s': 'CPU time in a second, ms',
}


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


def ratios_section(report):
    rows, peers = report['kernels'], list(report['means'].get('best', {}))
    order = [p for p in ('libgomp', 'libomp', 'openmp', 'onetbb', 'serial') if p in peers]
    if not order:
        return ''
    head = ['kernel', 'best policy'] + [PEER_NAMES[p] for p in order] + [f'{DEFAULT_POLICY} / better OpenMP']
    lines = []
    for row in rows:
        best, default = row['against'].get('best', {}), row['against'].get('default', {})
        lines.append([text(row['name']), text(row['best_policy'] or '\u2013')] + [ratio_cell(best.get(p)) for p in order] +
                     [ratio_cell(default.get('openmp'))])
    mean = report['means']
    lines.append(['<b>geometric mean</b>', ''] + [f'<b>{number(mean["best"].get(p))}\u00d7</b>' for p in order] +
                 [f'<b>{number(mean.get("default", {}).get("openmp"))}\u00d7</b>'])
    return ('<h2 id="ratios">Beside the peers</h2>\n<p>How many times longer the peer takes than Ramify: above 1 Ramify is '
            'faster. Green and red only where the middle halves of the runs do not touch; grey is no difference. A '
            'peer counts with the better of its forms (tasks or loops); Ramify with the best of its eight policies, and in '
            'the last column with its default, which is the fairer comparison: nobody chose it after the race.</p>\n' +
            table(head, lines, 2) + behind_sentence(report))


def behind_sentence(report):
    found = report['not_ahead']
    if not found:
        return '<p class="note">In this run Ramify\'s best policy is ahead of every peer in every kernel.</p>\n'
    parts = []
    for kind, words in (('behind', 'Where Ramify is behind'), ('level', 'No difference beyond the noise')):
        kernels = {}
        for kernel, peer, ratio, its_kind in found:
            if its_kind == kind:
                kernels.setdefault(kernel, []).append(f'{PEER_NAMES[peer]} {ratio:.2f}\u00d7')
        if kernels:
            parts.append(f'<b>{words}:</b> ' + '; '.join(f'{text(k)} ({", ".join(peers)})' for k, peers in kernels.items()))
    return f'<p class="note">{".<br>".join(parts)}.</p>\n'


def rate(per_second):
    """Operations per second as a reader says them."""
    if per_second is None:
        return '\u2013'
    return f'{per_second / 1e6:.3g} M' if per_second >= 1e6 else f'{per_second / 1e3:.3g} K'


def heat(ratio):
    """A cell's shade: none at the best policy, full at twice its time."""
    return f'style="--heat:{min(max(ratio - 1.0, 0.0), 1.0) * 60:.0f}%"'


def policies_section(report):
    rows = [row for row in report['kernels'] if row['policies']]
    if not rows:
        return ''
    names = list(rows[0]['policies'])
    lines = []
    for row in rows:
        least = min(fig['median'] for fig in row['policies'].values())
        cells = [f'<span class="h" {heat(row["policies"][n]["median"] / least)}>{row["policies"][n]["median"] / least:.2f}'
                 '</span>' if n in row['policies'] else '\u2013' for n in names]
        lines.append([text(row['name'])] + cells)
    return ('<h2 id="policies">The policies beside each other</h2>\n<p>Time over that of the kernel\'s fastest policy: 1.00 is '
            'the fastest.</p>\n' + table(['kernel'] + [text(n) for n in names], lines))


def kernels_section(report):
    lines = []
    for row in report['kernels']:
        for label, fig in variants_of(row):
            lines.append([text(row['name']), text(label), spread(fig, 1e3)])
    sizes = ''.join(f'<li><b>{text(k["name"])}</b>: {text(k["summary"])}; size {number(k["size"], 9)} ({text(k["size_is"])})</li>'
                    for k in report['kernel_list'])
    return (f'<h2 id="kernels">The kernels</h2>\n<ul>{sizes}</ul>\n<details><summary>Every time in milliseconds: median, '
            f'least\u2013most</summary>\n{table(["kernel", "form", "ms"], lines, 2)}</details>\n')


def variants_of(row):
    for name in ('serial', 'serial-clang'):
        if row[name]:
            yield name, row[name]
    for peer in row['peers'].values():
        yield peer['form'], peer['figure']
    for policy, fig in row['policies'].items():
        yield f'Ramify {policy}', fig


def mission_section(report):
    rows = report['mission']
    if not any(row['batch_per_s'] or row['inside_p99_ns'] for row in rows):
        return ''
    lines = []
    for r in rows:
        p99 = [f'<span class="v {"behind" if ns > r["asked_p99_ns"] else "ahead"}">{duration(ns)}</span>' if ns else '\u2013'
               for ns in (r['inside_p99_ns'], r['outside_p99_ns'])]
        lines.append([text(r['policy']), rate(r['asked_per_s']), rate(r['batch_per_s']), rate(r['single_per_s']),
                      f'{number(r["ratio"])}\u00d7', number(r['of_aim']), duration(r['asked_p99_ns']), *p99])
    head = ['policy', 'ops/s asked', 'ops/s in batches', 'ops/s one by one', 'batches over asked', f'of the aim ({MISSION_FACTOR}\u00d7)',
            'P99 asked', 'P99, from inside', 'P99, from outside']
    return ('<h2 id="mission">The mission\'s table</h2>\n<p>Throughput: empty tasks from one producer outside the pool, to the '
            'last one\'s end. Latency: tasks submitted one by one at the rate asked for, from the moment each was due to its '
            'start; from inside, one worker produces and the others run; from outside, the producer has a core and there is '
            'one worker fewer. Throughput and latency are measured apart: at full throughput a queue is never empty, and its '
            'latency is its length.</p>\n' + table(head, lines))


def micro_line(line):
    """Label and the figures of one variant, whatever the measurement printed."""
    fields = line['fields']
    name = f'Ramify {line["policy"]}' if line['impl'] == 'ramify' else line['impl']
    if line['error'] or line['skipped']:
        return [text(name), text(line['error'] or line['skipped'])] + ['\u2013'] * 3
    if 'p50_ns' in fields:
        shown = [duration(fields['p50_ns']['median']), duration(fields['p99_ns']['median']),
                 f'<span class="s">P50 {duration(fields["p50_ns"]["min"])}\u2013{duration(fields["p50_ns"]["max"])}</span>']
    elif 'ns_per_task' in fields and 'before_kib' not in fields:
        fig = fields['ns_per_task']
        shown = [f'{number(fig["median"])} ns', f'{number(1e3 / fig["median"])} M/s',
                 f'<span class="s">{number(fig["min"])}\u2013{number(fig["max"])} ns</span>']
    else:
        shown = ['<br>'.join(f'{text(FIELD_NAMES.get(key, key))}: {number(fig["median"])}' for key, fig in fields.items()
                             if key in FIELD_NAMES), '', '']
    return [text(name), text(line['how'])] + shown


def micro_section(report, plots):
    parts = ['<h2 id="interfaces">The interfaces alone</h2>\n']
    for name, found in report['micro'].items():
        if not any(line['fields'] for line in found['variants']):
            said = {line['skipped'] or line['error'] for line in found['variants']} - {''}
            parts.append(f'<h3>{text(MICRO_TITLES.get(name, name))}</h3>\n<p>Unknown: {text("; ".join(sorted(said)))}.</p>\n')
            continue
        latency = any('p50_ns' in line['fields'] for line in found['variants'])
        per_task = any('tasks_per_s' in line['fields'] or 'serial_ns_per_task' in line['fields'] for line in found['variants'])
        head = ['', 'by'] + (['P50', 'P99', 'runs'] if latency else ['per task', 'rate', 'runs'] if per_task else
                             ['measured', '', ''])
        parts.append(f'<h3>{text(MICRO_TITLES.get(name, name))}</h3>\n' + figure(plots, name) +
                     table(head, [micro_line(line) for line in found['variants']], 2))
    return ''.join(parts) if len(parts) > 1 else ''


def figure(plots, name):
    return f'<figure>{plots[name]}</figure>\n' if name in plots else ''


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
            'by itself. The serial forms on the first of them.</li>\n'
            f'<li>Each run is a process of its own; {report["repeats"]} runs of each form, interleaved A B C A B C; medians, '
            'with least and most. Starting the runtime and making the input are not timed.</li>\n'
            '<li>Every run is checked against the serial form or a published result; RAMIFY_, OMP_, KMP_ and TBB_ '
            f'variables of the caller are not passed on.</li>\n{missing}'
            f'<li>What the machine did by itself:<ul>{probes}</ul></li>\n</ul>\n')


def page(report, plots):
    failures = ''.join(f'<li>{text(f)}</li>' for f in report['failures'])
    alarm = f'<div class="alarm"><b>This run failed its checks.</b><ul>{failures}</ul></div>\n' if failures else ''
    machine = report['machine']
    kind = 'quick run' if report['quick'] else 'full run'
    warning = f'<p class="note"><b>Take these figures with care:</b> {text(report["busy"])}.</p>\n' if report['busy'] else ''
    return (f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Ramify on {text(machine["cpu"])}</title>\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head>\n<body>\n'
            f'<header><div><h1>Ramify on this machine</h1><p>{text(machine["cpu"])} \u00b7 {machine["workers"]} workers \u00b7 {kind} of '
            f'{text(report["started"])} \u00b7 {number(report["seconds"])} s \u00b7 <a href="report.json">report.json</a></p></div></header>\n'
            f'<main>{alarm}{warning}{tree_section(report)}{ratios_section(report)}{figure(plots, "speedup")}{policies_section(report)}'
            f'{mission_section(report)}{micro_section(report, plots)}{kernels_section(report)}{method_section(report)}</main>\n'
            '</body></html>\n')
