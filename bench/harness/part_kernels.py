# SPDX-License-Identifier: BSD-3-Clause
"""The comparison: every kernel in every form at every number of workers; `bench/compare` runs this part alone."""
import subprocess
import sys

import ratios
from energy import Meter
from page import PEER_NAMES, number, ratio_cell, spread, table, text
from plan import DEFAULT_POLICY, REPEATS_AGAIN
from plots import COLOURS
from run_jobs import Series

ORDER = 10
TITLE = 'Beside the peers'

COLUMNS = ('libgomp', 'libomp', 'openmp', 'onetbb', 'serial')
OURS = ('ramify', 'ramify-clang')
NO_WORK = ('fib', 'tree')  # their tasks are empty: a mean over ratios of a hundred says little about programs
MARKS = {'ahead': '+', 'behind': '-', 'level': '='}


def forms_of(plan, kernel):
    for form in plan.forms:
        if form.endswith('-loops') and not kernel['loops']:
            continue
        if form.endswith('-untied') and (plan.quick or kernel['loops']):
            continue
        yield form


def arguments(parser):
    parser.add_argument('--input', metavar='FILE', help='your own Matrix Market file or list of edges, for spmv, bfs and triangles')


def demand_input(plan):
    """A file that is no matrix ends the run before anything is measured, with the sentence that says why."""
    job = plan.kernel_job('serial', 'bfs', 1, extra=('--input', plan.options.input))
    done = subprocess.run(job.argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f'bench/run: {done.stderr.strip()}')


def series(plan):
    if plan.options.input:
        demand_input(plan)
    found = []
    for kernel in plan.kernels():
        if not kernel['quick']:
            continue
        size, seed = plan.pick((kernel['quick'], kernel['full'])), kernel['seed']
        jobs = []
        for form in forms_of(plan, kernel):
            for workers in [1] if form.startswith('serial') else plan.counts:
                extra = ('--input', plan.options.input) if plan.options.input and kernel['reads_input'] else ()
                jobs.append(plan.kernel_job(form, kernel['name'], size, seed, workers=workers, extra=extra))
                if kernel['ordered'] and form in OURS:
                    phased = plan.kernel_job(form, kernel['name'], size, seed, workers=workers, extra=('--style', 'phased'))
                    phased.impl += '-phased'
                    jobs.append(phased)
        found.append(Series(kernel['name'], jobs, plan.repeats))
    return found


def again(plan, series_list):
    """Five rounds call one of ten pairs of equals different: small differences are measured again, and that counts."""
    found = []
    for one in series_list if not plan.quick else []:
        for workers in plan.counts:
            forms = ratios.close_forms(one, workers)
            jobs = [job.anew() for job in one.jobs if job.workers == workers and not job.policy and job.impl in forms]
            one.again += jobs
            if jobs:
                found.append(Series(f'{one.name} again, {workers} worker{"s" * (workers > 1)}', jobs, REPEATS_AGAIN))
    return found


def evaluate(plan, series_list):
    listed = {kernel['name']: kernel for kernel in plan.kernels()}
    rows = [ratios.kernel_row(one, not listed[one.name]['loops']) for one in series_list]
    tasks = [row for row in rows if row['tasks']]
    groups = {'all kernels': rows, 'task kernels': tasks, 'task kernels that do work': [r for r in tasks if r['name'] not in NO_WORK]}
    return {'kernels': rows, 'means': {words: ratios.means(counted) for words, counted in groups.items()},
            'not_ahead': ratios.not_ahead(rows), 'energy': energy_of(series_list),
            'input': plan.options.input,
            'list': [{**listed[one.name], 'size': listed[one.name]['quick' if plan.quick else 'full']} for one in series_list],
            'failures': [sentence for one in series_list for sentence in ratios.check_failures(one)]}


def energy_of(series_list):
    """Joules per run of each form, start and end of the process included; or the reason why not."""
    return Meter().reason or {one.name: {job.name: ratios.of_job(job, 'process_joules') for job in one.jobs}
                              for one in series_list}


def not_ahead_row(found, kernel, workers):
    """A cell per peer: its ratio where Ramify is not ahead, with the peer's form; a plus where it is."""
    at = next(row for row in found['kernels'] if row['name'] == kernel)['at'][workers]
    cells = []
    for peer in parallel(found):
        one = at['against'].get(peer)
        if one and one['verdict'] != 'ahead':
            cells.append(f'{ratio_cell(one)}<span class="s"> {text(at["peers"][peer]["form"])}</span>')
        else:
            cells.append('<span class="s">ahead</span>' if one else '\u2013')
    return [text(kernel), text(workers)] + cells


def not_ahead_section(found):
    """The first table: where a peer is faster, then, folded, where neither is beyond the noise."""
    if not parallel(found):
        return ''
    if not found['not_ahead']:
        return '<p class="note">In this run Ramify is ahead of every parallel peer in every kernel.</p>\n'
    behind = list(dict.fromkeys((one[0], one[1]) for one in found['not_ahead'] if one[5] == 'behind'))
    level = list(dict.fromkeys((one[0], one[1]) for one in found['not_ahead'] if (one[0], one[1]) not in behind))
    head = ['kernel', 'workers'] + [PEER_NAMES[p] for p in parallel(found)]
    shown = '<h3>Where Ramify is not ahead</h3>\n<p>The peer\'s time over Ramify\'s, and the peer\'s better form.</p>\n'
    if behind:
        shown += table(head, [not_ahead_row(found, *one) for one in behind], 2)
    else:
        shown += '<p class="note">No peer is faster beyond the noise.</p>\n'
    if level:
        shown += (f'<details><summary>No difference beyond the noise from at least one peer: {len(level)} more</summary>\n' +
                  table(head, [not_ahead_row(found, *one) for one in level], 2) + '</details>\n')
    return shown


def columns(found):
    """The peers that have a figure anywhere: one that is not installed has no column."""
    there = {peer for row in found['kernels'] for at in row['at'].values() for peer in at['against']}
    return [peer for peer in COLUMNS if peer in there]


def parallel(found):
    return [peer for peer in columns(found) if peer in ratios.PEERS]


def means_section(found):
    head = ['workers', 'kernels'] + [PEER_NAMES[p] for p in columns(found)]
    lines = [[text(workers), words] + [f'{number(means[workers].get(p))}\u00d7' for p in columns(found)]
             for words, means in found['means'].items() for workers in means]
    return '<h3>Geometric means</h3>\n' + table(head, lines, 2)


def ratios_table(found, workers):
    shown = columns(found)
    speeds = ['ramify'] + parallel(found)
    lines = []
    for row in found['kernels']:
        at = row['at'].get(workers)
        if at:
            lines.append([text(row['name']), 'tasks' if row['tasks'] else 'loops'] +
                         [ratio_cell(at['against'].get(p)) for p in shown] + [number(row['speed_up'].get(who)) for who in speeds])
    head = ['kernel', ''] + [PEER_NAMES[p] for p in shown] + ['speed-up, all workers over one: Ramify'] + [
        PEER_NAMES[p].split(' / ')[-1] for p in speeds[1:]]
    return table(head, lines, 2)


def times_section(found):
    lines = []
    for row in found['kernels']:
        for name in ('serial', 'serial-clang'):
            if row[name]:
                lines.append([text(row['name']), name, spread(row[name], 1e3), memory_of(row, f'{name} 1')])
        for workers, at in row['at'].items():
            shown = [(one['form'], one['figure']) for one in at['peers'].values()] + [
                (at[ours]['form'], at[ours]['figure']) for ours in OURS if at[ours]]
            lines += [[text(row['name']), f'{text(form)}, {workers}', spread(fig, 1e3), memory_of(row, f'{form} {workers}')]
                      for form, fig in shown if fig]
    return (f'<details><summary>Every time in milliseconds (median, least\u2013most), and the process\'s memory at its highest '
            f'in MiB</summary>\n{table(["kernel", "form, workers", "ms", "MiB"], lines, 2)}</details>\n')


def memory_of(row, key):
    fig = row['memory'].get(key)
    return number(fig['median'] / 1024) if fig else '\u2013'


def kernel_list(found):
    items = ''.join(f'<li><b>{text(k["name"])}</b>: {text(k["summary"])}; size {number(k["size"], 9)} ({text(k["size_is"])})</li>'
                    for k in found['list'])
    of_user = f'<p>spmv, bfs and triangles read {text(found["input"])}.</p>\n' if found['input'] else ''
    return f'<h3>The kernels</h3>\n<ul>{items}</ul>\n{of_user}'


def energy_section(found):
    if isinstance(found['energy'], str):
        return f'<p>Energy: {text(found["energy"])}.</p>\n'
    lines = [[text(name), text(form), spread(fig)] for name, forms in found['energy'].items() for form, fig in forms.items() if fig]
    return ('<details><summary>Energy of the packages in joules, over the whole process</summary>\n' +
            table(['kernel', 'form', 'J'], lines, 2) + '</details>\n')


def speed_plot(found, canvas):
    """How many times faster than the serial form, on all workers."""
    peers = parallel(found)
    titles = [(PEER_NAMES[p], COLOURS[p]) for p in peers] + [('Ramify', COLOURS['ramify'])]
    rows = []
    for row in found['kernels']:
        if row['at'] and row['serial']:
            at = row['at'][max(row['at'])]
            figures = [at['peers'].get(p, {}).get('figure') for p in peers] + [at['ramify'] and at['ramify']['figure']]
            rows.append([row['name']] + [row['serial']['median'] / fig['median'] if fig else None for fig in figures])
    return canvas.groups('speedup', 'speed-up over serial, all workers', titles, rows)


def section(found, report, canvas):
    if not found['kernels']:
        return ''
    every = max((w for row in found['kernels'] for w in row['at']), default=0)
    others = ''.join(f'<details><summary>On {w} worker{"s" * (w > 1)}</summary>\n{ratios_table(found, w)}</details>\n'
                     for w in found['means']['all kernels'] if w != every)
    return (f'<h2 id="ratios">{TITLE}</h2>\n' + not_ahead_section(found) +
            f'<h3>Ratios on {every} workers</h3>\n<p>How many times longer the peer takes than Ramify (its default policy, '
            f'{DEFAULT_POLICY}): above 1 Ramify is faster. Green and red only where the middle halves of the runs do not '
            'touch; grey is no difference. In a full run a difference below a third is measured again, in 15 rounds, and these '
            'count. A peer counts with the better of its forms: tied tasks, untied tasks, loops; Ramify with the better '
            'of dependencies and phases where a kernel has both. libomp\'s '
            'kernels are compiled by clang and compared with Ramify\'s compiled by clang, all others by gcc with gcc; "better '
            'OpenMP" is the less favourable of the two.</p>\n' +
            ratios_table(found, every) + others + means_section(found) + speed_plot(found, canvas) + kernel_list(found) +
            times_section(found) + energy_section(found))


def summary_of(found, workers):
    shown = columns(found)
    lines = [f'Times as long as Ramify on {workers} workers; + ahead, - behind, = no difference beyond the noise',
             f'{"":14s}' + ''.join(f'{PEER_NAMES[p]:>16s} ' for p in shown) + '  speed-up over one worker']
    for row in found['kernels']:
        against = row['at'].get(workers, {}).get('against', {})
        cells = ''.join(f'{against[p]["ratio"]:16.2f}{MARKS[against[p]["verdict"]]}' if p in against else f'{"":17s}'
                        for p in shown)
        gain = row['speed_up'].get('ramify')
        lines.append(f'{row["name"]:14s}{cells}' + (f'  {gain:.2f}' if gain else ''))
    return lines


def summary(found, _report):
    if not found['means']['all kernels']:
        return []
    lines, shown = summary_of(found, max(found['means']['all kernels'])), columns(found)
    for words, means in found['means'].items():
        for workers in means:
            lines.append(f'Geometric mean, {words}, {workers} worker{"s" * (workers > 1)}: ' + ', '.join(
                f'{PEER_NAMES[p]} {means[workers][p]:.2f}' for p in shown if p in means[workers]))
    behind = [one for one in found['not_ahead'] if one[5] == 'behind']
    lines.append('Behind a peer: ' + ('; '.join(f'{kernel} on {workers} ({form} {ratio:.2f})' for kernel, workers, _, form, ratio, _
                                                in behind) or 'nowhere'))
    return lines + ([f'Energy: {found["energy"]}'] if isinstance(found['energy'], str) else [])
