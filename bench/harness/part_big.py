# SPDX-License-Identifier: BSD-3-Clause
"""The published problems, in a full run: fib(42), and the unbalanced trees T1, T3, T1L and T3L, whose node counts are known."""
import ratios
from page import number, spread, table, text
from run_jobs import Series

ORDER = 15
TITLE = 'Large problems'

RAMIFY, SERIAL = ('ramify', 'ramify-clang'), ('serial', 'serial-clang')
PEERS = ('libgomp', 'libomp', 'onetbb')
# Name of the series -> (kernel, size, seed, rounds, forms). T1L and T3L take a peer minutes, fib(42) as well.
PROBLEMS = {
    'fib-42': ('fib', 42, 0, 3, SERIAL + RAMIFY),
    'uts-t1-published': ('uts-t1', 10, 19, 3, SERIAL + PEERS + RAMIFY),
    'uts-t3-published': ('uts-t3', 2000, 42, 3, SERIAL + PEERS + RAMIFY),
    'uts-t1l': ('uts-t1', 13, 29, 1, ('ramify',)),
    'uts-t3l-published': ('uts-t3l', 2000, 7, 1, ('ramify',)),
}
STACK_MIB = 64  # T3L is 17,844 levels deep, and a level keeps its children on the stack: 9 MB with gcc


def series(plan):
    if plan.quick and not plan.options.only or 'ramify' not in plan.forms:
        return []
    found = []
    for name, (kernel, size, seed, rounds, forms) in PROBLEMS.items():
        jobs = [plan.kernel_job(form, kernel, size, seed, workers=workers) for form in forms if form in plan.forms
                for workers in ([1] if form in SERIAL else plan.counts)]
        for job in jobs:
            job.stack_mib = STACK_MIB
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
    return (f'<h2 id="large">{TITLE}</h2>\n<p>fib(42), and the trees T1 (4,130,071 nodes), T3 (4,112,897), T1L (102,181,082) and T3L '
            '(111,345,631), each checked against the published count. On fib(42), T1L and T3L the peers would take minutes; their '
            'time per task is in the comparison, on smaller problems of the same kind.</p>\n' +
            table(['problem', 'form', 'workers', 'tasks', 'seconds', 'ns per task'], lines, 2))


def summary(found, _report):
    lines = [TITLE] if found['rows'] else []
    return lines + [f'  {row["name"]:20s}{row["impl"]:14s}{row["workers"]:3d} workers {row["seconds"]["median"]:9.3f} s'
                    f'{row["ns_per_task"]:9.2f} ns per task' for row in found['rows']]
