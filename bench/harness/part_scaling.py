# SPDX-License-Identifier: BSD-3-Clause
"""Weak scaling: kernels whose work grows with their size, given as much per worker on every number of workers. (Strong
scaling, the same work on more workers, is the speed-up in the comparison.)"""
import ratios
from page import number, table, text
from plan import REPEATS_QUICK
from run_jobs import Series

ORDER = 12
TITLE = 'Weak scaling'

FORMS = ('libgomp-loops', 'libgomp', 'libomp-loops', 'libomp', 'onetbb', 'ramify')


def series(plan):
    if len(plan.counts) < 2:
        return []
    found = []
    for kernel in plan.kernels():
        if not kernel['linear'] or (plan.quick and kernel['name'] not in plan.options.only and f'weak-{kernel["name"]}' not in
                                    plan.options.only and 'scaling' not in plan.options.only):
            continue
        size = plan.pick((kernel['quick'], kernel['full'])) // 2
        jobs = [plan.kernel_job(form, kernel['name'], size * workers, workers=workers) for form in FORMS
                for workers in plan.counts if form in plan.forms and (kernel['loops'] or not form.endswith('-loops'))]
        found.append(Series(f'weak-{kernel["name"]}', jobs, REPEATS_QUICK))
    return found


def evaluate(_plan, series_list):
    rows = []
    for one in series_list:
        medians = {}
        for job in one.jobs:
            if job.results:
                medians.setdefault(job.impl, {})[job.workers] = ratios.of_job(job, 'seconds')['median']
        rows.append({'name': one.name[len('weak-'):], 'efficiency': {
            impl: {workers: at[1] / seconds for workers, seconds in at.items()} for impl, at in medians.items() if 1 in at}})
    return {'rows': rows, 'failures': [sentence for one in series_list for sentence in ratios.check_failures(one)]}


def section(found, _report, _canvas):
    if not found['rows']:
        return ''
    counts = sorted({w for row in found['rows'] for at in row['efficiency'].values() for w in at} - {1})
    lines = [[text(row['name']), text(impl)] + [number(at.get(w)) for w in counts]
             for row in found['rows'] for impl, at in row['efficiency'].items()]
    return (f'<h2 id="weak">{TITLE}</h2>\n<p>Time on one worker over the time on n workers with n times the work: 1 is perfect. '
            'Memory that all workers share shows here first.</p>\n' +
            table(['kernel', 'form'] + [f'{w} workers' for w in counts], lines, 2))


def summary(found, _report):
    lines = [f'{TITLE}: efficiency on all workers, each with as much work as one'] if found['rows'] else []
    for row in found['rows']:
        lines.append(f'  {row["name"]:12s}' + ', '.join(f'{impl} {at[max(at)]:.2f}' for impl, at in row['efficiency'].items()))
    return lines
