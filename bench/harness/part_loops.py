# SPDX-License-Identifier: BSD-3-Clause
"""Loops that do nothing: what an iteration costs one by one and by the usual schedules, and what a tiny loop costs."""
import ratios
from page import duration, number, table, text
from plan import DEFAULT_POLICY
from plots import COLOURS, VARIANTS
from run_jobs import Series

ORDER = 23
TITLE = 'Empty loops'

ITERATIONS = (100_000, 1_000_000)
TINY_LOOPS = (2_000, 20_000)
NAMES = {'ramify': 'Ramify', 'onetbb': 'oneTBB'}
TINY = 'loop-tiny'
TITLES = {'loop-grain-1': 'One iteration at a time', 'loop-usual': 'By the usual schedules',
          TINY: 'A loop with next to nothing to do'}
OPENMP = {'loop-grain-1': {'loop-grain1': 'dynamic,1', 'loop-tasks': 'taskloop'},
          'loop-usual': {'loop-auto': 'static', 'loop-guided': 'guided'}, TINY: {'loop-empty': 'static'}}
# Form -> series -> measurement of its micro benchmarks -> schedule.
WAYS = {
    'libgomp': OPENMP, 'libomp': OPENMP,
    'onetbb': {'loop-grain-1': {'loop-grain1': 'grain 1'}, 'loop-usual': {'loop-auto': 'auto'}, TINY: {'loop-empty': 'static'}},
    'ramify': {'loop-grain-1': {'loop-grain1': 'auto,1', 'loop-tasks': 'dynamic,1'},
               'loop-usual': {'loop-auto': 'auto', 'loop-guided': 'guided'},
               TINY: {'loop-empty': 'static', 'loop-small': 'auto, 100 iterations'}},
}


def series(plan):
    found = []
    for name in TITLES:
        count = plan.pick(TINY_LOOPS if name == TINY else ITERATIONS)
        jobs = [plan.micro_job(form, bench, count, DEFAULT_POLICY if form == 'ramify' else '')
                for form, ways in WAYS.items() if form in plan.forms for bench in ways[name]]
        if jobs:
            found.append(Series(name, jobs, plan.repeats))
    return found


def lines_of(one):
    """Per job who, by which schedule, and its figure in nanoseconds, None without one."""
    lines = []
    for job, line in zip(one.jobs, ratios.variants(one)):
        lines.append({'impl': job.impl, 'schedule': WAYS[job.impl][one.name][job.argv[1]], 'how': line['how'],
                      'error': line['error'] or line['skipped'],
                      'ns': line['fields'].get('p50_ns' if one.name == TINY else 'ns_per_iteration')})
    return lines


def evaluate(plan, series_list):
    return {'measured': {one.name: lines_of(one) for one in series_list}, 'workers': plan.workers,
            'failures': ratios.own_failures(series_list)}


def label_of(line):
    return f'{NAMES.get(line["impl"], line["impl"])}, {line["schedule"]}'


def plot(name, lines, canvas):
    ours = [line for line in lines if line['impl'] == 'ramify']
    bars = [(label_of(line), line['ns']['median'], VARIANTS[ours.index(line)] if line in ours else COLOURS[line['impl']])
            for line in lines if line['ns']]
    return canvas.bars(name, f'nanoseconds per {"loop" if name == TINY else "iteration"}, median', bars)


def shown(line):
    return duration(line['ns']['median']) if line['ns'] else line['error'] or 'unknown'


def one_section(name, lines, canvas):
    rows = [[text(label_of(line)), text(line['how']), text(shown(line)),
             f'<span class="s">{number(line["ns"]["min"])}\u2013{number(line["ns"]["max"])} ns</span>' if line['ns'] else '\u2013']
            for line in lines]
    return (f'<h3>{text(TITLES[name])}</h3>\n' + plot(name, lines, canvas)
            + table(['', 'by', 'a loop' if name == TINY else 'an iteration', 'runs'], rows, 2))


def section(found, _report, canvas):
    if not found['measured']:
        return ''
    return (f'<h2 id="loops">{TITLE}</h2>\n<p>The body does nothing, yet is left out by no compiler; so on {found["workers"]} workers '
            'the time is the schedule\'s. Smaller is better.</p>\n'
            + ''.join(one_section(name, lines, canvas) for name, lines in found['measured'].items()))


def summary(found, _report):
    if not found['measured']:
        return []
    lines = [f'{TITLE} on {found["workers"]} workers']
    for name, measured in found['measured'].items():
        lines += [f'  {TITLES[name]}:', '      ' + '; '.join(f'{label_of(line)} {shown(line)}' for line in measured)]
    return lines
