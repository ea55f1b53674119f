# SPDX-License-Identifier: BSD-3-Clause
"""The eight policies beside each other, on kernels made of tasks that are submitted: forks stay where they are made."""
import ratios
from page import table, text
from plan import DEFAULT_POLICY, POLICIES, REPEATS_QUICK
from run_jobs import Series

ORDER = 30
TITLE = 'The policies beside each other'

KERNELS = ('spmv', 'jacobi', 'zipf', 'join')  # skewed rows, the same tiles again, skewed costs, three phases


def series(plan):
    if 'ramify' not in plan.forms:
        return []
    found = []
    for kernel in plan.kernels():
        if kernel['name'] in KERNELS:
            size, seed = plan.pick((kernel['quick'], kernel['full'])), kernel['seed']
            jobs = [plan.kernel_job('serial', kernel['name'], size, seed)]
            jobs += [plan.kernel_job('ramify', kernel['name'], size, seed, policy) for policy in POLICIES]
            found.append(Series(f'policies-{kernel["name"]}', jobs, REPEATS_QUICK))
    return found


def evaluate(_plan, series_list):
    rows = [{'name': one.name[len('policies-'):],
             'policies': {job.policy: ratios.of_job(job, 'seconds') for job in one.jobs if job.policy and job.results}}
            for one in series_list]
    return {'kernels': [row for row in rows if row['policies']],
            'failures': [sentence for one in series_list for sentence in ratios.check_failures(one)]}


def over_best(row):
    """Policy -> its time over the fastest one's."""
    least = min(fig['median'] for fig in row['policies'].values())
    return {policy: fig['median'] / least for policy, fig in row['policies'].items()}


def heat(ratio):
    """A cell's shade: none at the best policy, full at twice its time."""
    return f'style="--heat:{min(max(ratio - 1.0, 0.0), 1.0) * 60:.0f}%"'


def section(found, _report, _canvas):
    lines = []
    for row in found['kernels']:
        times = over_best(row)
        lines.append([text(row['name'])] + [f'<span class="h" {heat(times[p])}>{times[p]:.2f}</span>' if p in times else
                                            '\u2013' for p in POLICIES])
    if not lines:
        return ''
    return (f'<h2 id="policies">{TITLE}</h2>\n<p>Time over that of the kernel\'s fastest policy, all workers: 1.00 is the '
            f'fastest. The default is {DEFAULT_POLICY}. Policies place tasks that are submitted; what is forked stays with its '
            'worker until another asks for it.</p>\n' + table(['kernel'] + POLICIES, lines))


def summary(found, _report):
    lines = [f'{TITLE}: time over the fastest one\'s'] if found['kernels'] else []
    for row in found['kernels']:
        times = sorted(over_best(row).items(), key=lambda one: one[1])
        lines.append(f'  {row["name"]:10s}' + ', '.join(f'{policy} {ratio:.2f}' for policy, ratio in times))
    return lines
