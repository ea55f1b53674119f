# SPDX-License-Identifier: BSD-3-Clause
"""Efficiency over grain: from which size on a task pays, for every way of making tasks."""
import math

import ratios
from page import duration, table, text
from plan import DEFAULT_POLICY
from plots import COLOURS, INK, VARIANTS
from run_jobs import Series

ORDER = 20
TITLE = 'Granularity'

WORK_US = (2000, 4000)  # of a point: 13 points, each three times serial and twice parallel
WAYS = ('grain-task', 'grain-fork', 'grain-loop')
NAMES = {'grain-task': 'a task each', 'grain-fork': 'fork and join', 'grain-loop': 'loop'}
GOOD = 0.9  # of perfect


def series(plan):
    found = []
    for way in WAYS:
        for form in ('libgomp', 'libomp', 'onetbb', 'ramify'):
            if form in plan.forms and way in plan.micro_benches(form):
                policy = DEFAULT_POLICY if form == 'ramify' else ''
                found.append(plan.micro_job(form, way, plan.pick(WORK_US), policy))
    return [Series('granularity', found, plan.repeats)] if found else []


def crossing(points, level):
    """The grain in ns from which on the efficiency stays at `level`, between two points on the logarithmic axis; None
    when the last point is below."""
    if not points or points[-1][1] < level:
        return None
    above = len(points) - 1
    while above > 0 and points[above - 1][1] >= level:
        above -= 1
    if above == 0:
        return points[0][0]
    (grain0, e0), (grain1, e1) = points[above - 1], points[above]
    part = (level - e0) / (e1 - e0)
    return math.exp(math.log(grain0) + part * (math.log(grain1) - math.log(grain0)))


def evaluate(plan, series_list):
    lines = []
    for one in series_list:
        for job, line in zip(one.jobs, ratios.variants(one)):
            points = sorted((int(key[len('grain_'):]), fig['median']) for key, fig in line['fields'].items()
                            if key.startswith('grain_'))
            lines.append({'impl': job.impl, 'way': job.argv[1], 'how': line['how'], 'points': points, 'error': job.error,
                          'break_even_ns': crossing(points, 1.0 / plan.workers), 'good_ns': crossing(points, GOOD)})
    return {'lines': lines, 'workers': plan.workers, 'failures': ratios.own_failures(series_list)}


def label_of(line):
    return f'{"Ramify" if line["impl"] == "ramify" else line["impl"]}, {NAMES[line["way"]]}'


def plot(found, canvas):
    lines = [line for line in found['lines'] if line['points']]
    grains = sorted({grain for line in lines for grain, _ in line['points']})
    rows = [[float(grain)] + [dict(line['points']).get(grain) for line in lines] for grain in grains]
    ours = [line for line in lines if line['impl'] == 'ramify']
    titles = [(label_of(line), VARIANTS[ours.index(line)] if line in ours else COLOURS[line['impl']]) for line in lines]
    even = 1.0 / found['workers']
    script = (f'set yrange [0:1.1]\nset key outside right center vertical\n'
              f'set arrow from graph 0, first {even} to graph 1, first {even} nohead lc rgb "{INK}" dt 2\n'
              f'set label "as fast as the serial program" at graph 0.01, first {even + 0.03} textcolor rgb "{INK}"\n')
    return canvas.curves('granularity', ('nanoseconds of work per task', f'efficiency on {found["workers"]} workers'), titles, rows,
                         script, dashed=[line['way'] == 'grain-loop' for line in lines])


def grain_text(ns):
    return duration(ns) if ns is not None else 'above 100 \u00b5s'


def section(found, _report, canvas):
    if not found['lines']:
        return ''
    lines = [[text(label_of(line)), text(line['how'] or line['error']), grain_text(line['break_even_ns']),
              grain_text(line['good_ns'])] for line in found['lines']]
    return (f'<h2 id="granularity">{TITLE}</h2>\n<p>The same work cut into tasks of 10 ns to 100 \u00b5s. Efficiency is the serial '
            f'time over {found["workers"]} times the parallel one: 1 is perfect, and below the dashed line the serial program is '
            'faster. The break-even grain is where a way of making tasks crosses that line for good; 10 ns is the least that is '
            'measured.</p>\n' + plot(found, canvas) + table(['', 'by', 'break-even grain', f'{GOOD:.0%} efficient from'], lines, 2))


def summary(found, _report):
    if not found['lines']:
        return []
    return [f'{TITLE} on {found["workers"]} workers: break-even grain, and where {GOOD:.0%} of perfect is reached'] + [
        f'  {label_of(line):26s}{grain_text(line["break_even_ns"]):>12s}{grain_text(line["good_ns"]):>14s}' for line in found['lines']]
