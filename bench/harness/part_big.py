# SPDX-License-Identifier: BSD-3-Clause
"""The published large problems, in a full run: fib(42), and the unbalanced trees T1L and T3L, whose node counts are known."""
import ratios
from page import number, spread, table, text
from run_jobs import Series

ORDER = 15
TITLE = 'Large problems'

# Name of the series -> (kernel, size, seed, rounds, serial form beside it).
PROBLEMS = {'fib-42': ('fib', 42, 0, 3, True), 'uts-t1l': ('uts-t1', 13, 29, 1, False), 'uts-t3l-2000': ('uts-t3l', 2000, 7, 1, False)}


def series(plan):
    if plan.quick and not plan.options.only or 'ramify' not in plan.forms:
        return []
    found = []
    for name, (kernel, size, seed, rounds, serial) in PROBLEMS.items():
        jobs = [plan.kernel_job(form, kernel, size, seed) for form in ('serial', 'serial-clang') if serial and form in plan.forms]
        jobs += [plan.kernel_job(form, kernel, size, seed, workers=workers) for form in ('ramify', 'ramify-clang')
                 for workers in plan.counts if form in plan.forms and (form == 'ramify' or serial)]
        found.append(Series(name, jobs, rounds))
    return found


def evaluate(_plan, series_list):
    rows = []
    for one in series_list:
        for job in one.jobs:
            if job.results:
                fig = ratios.of_job(job, 'seconds')
                rows.append({'name': one.name, 'impl': job.impl, 'workers': job.workers, 'seconds': fig,
                             'tasks': job.results[0]['tasks'], 'ns_per_task': fig['median'] * 1e9 / job.results[0]['tasks']})
    return {'rows': rows, 'failures': [sentence for one in series_list for sentence in ratios.check_failures(one)]}


def section(found, _report, _canvas):
    if not found['rows']:
        return ''
    lines = [[text(row['name']), text(row['impl']), text(row['workers']), number(row['tasks'], 9), spread(row['seconds']),
              number(row['ns_per_task'])] for row in found['rows']]
    return (f'<h2 id="large">{TITLE}</h2>\n<p>fib(42), and the trees T1L (102,181,082 nodes) and T3L (111,345,631 nodes), each '
            'checked against the published count. The peers would take minutes; their time per task is in the comparison, on the '
            'smaller problems of the same kind.</p>\n' +
            table(['problem', 'form', 'workers', 'tasks', 'seconds', 'ns per task'], lines, 2))


def summary(found, _report):
    lines = [TITLE] if found['rows'] else []
    return lines + [f'  {row["name"]:14s}{row["impl"]:14s}{row["workers"]:3d} workers {row["seconds"]["median"]:9.3f} s'
                    f'{row["ns_per_task"]:9.2f} ns per task' for row in found['rows']]
