# SPDX-License-Identifier: BSD-3-Clause
"""The interfaces alone: hand-off, throughput, start and stop, memory, idleness; and the mission's table, whose rates and
latencies come from them."""
import ratios
from page import duration, number, rate, table, text
from plan import DEFAULT_POLICY, POLICIES
from plots import COLOURS
from run_jobs import Series

ORDER = 40
TITLE = 'The interfaces alone'

# The mission's own table: policy -> (operations per second, P99 in nanoseconds).
MISSION = {
    'round-robin': (200_000, 500_000),
    'load-aware': (150_000, 1_000_000),
    'work-stealing': (250_000, 500_000),
    'hierarchical': (300_000, 1_000_000),
    'affinity': (180_000, 800_000),
}
MISSION_FACTOR = 100  # what the project aims at, in batches

# Name -> (tasks or hand-offs quick, full, every policy or the default alone).
THROUGHPUT = {
    'external-single': (100_000, 1_000_000, True),
    'external-batch': (200_000, 1_000_000, True),
    'external-many': (100_000, 500_000, False),
    'external-100ns': (100_000, 500_000, False),
    'inside-single': (100_000, 500_000, True),
    'inside-batch': (200_000, 1_000_000, False),
    'inside-many': (100_000, 500_000, False),
    'flat-100ns': (100_000, 500_000, True),
}
HANDOFF = {
    'handoff-spin': (10_000, 50_000, True),
    'handoff-parked': (50, 100, False),
}
PACED = ('paced-inside', 'paced-outside')
PACED_SECONDS = (0.1, 0.4)
MEMORY_TASKS = (1_000_000, 100_000_000)
START_STOP_ROUNDS = (50, 300)
NO_OUTSIDE = ('external-single', 'external-batch', 'external-many', 'external-100ns')  # not in OpenMP

TITLES = {
    'handoff-spin': 'Hand-off to a spinning worker', 'handoff-parked': 'Hand-off to a sleeping worker',
    'external-single': 'Empty tasks, one producer outside the pool, one by one',
    'external-batch': 'Empty tasks, one producer outside the pool, in batches',
    'external-many': 'Empty tasks, two producers outside the pool',
    'external-100ns': 'Tasks of 100 ns, one producer outside the pool',
    'inside-single': 'Empty tasks, one producer in the pool, one by one',
    'inside-batch': 'Empty tasks, one producer in the pool, in batches',
    'inside-many': 'Empty tasks, every worker produces', 'flat-100ns': 'Tasks of 100 ns, one producer in the pool',
    'paced-inside': 'Latency at the mission\'s rates, a worker produces',
    'paced-outside': 'Latency at the mission\'s rates, producer outside', 'start-stop': 'Start and stop',
    'memory': 'Memory over many tasks', 'idle': 'An idle runtime',
}
FIELD_NAMES = {
    'threads_us': 'as many bare threads, \u00b5s', 'discover_us': 'a runtime that discovers the machine, \u00b5s',
    'shared_tree_us': 'a runtime on a shared tree, \u00b5s', 'before_kib': 'resident before, KiB', 'most_kib': 'at most, KiB',
    'after_kib': 'after, KiB', 'cpu_ms_per_s': 'CPU time in a second, ms',
}
PLOTTED = (('handoff-spin', 'p50_ns', 'nanoseconds from submit to start, median'),
           ('external-single', 'ns_per_task', 'nanoseconds per empty task'),
           ('external-batch', 'ns_per_task', 'nanoseconds per empty task'),
           ('inside-single', 'ns_per_task', 'nanoseconds per empty task'),
           ('flat-100ns', 'ns_per_task', 'nanoseconds per task of 100 ns'))


def compared_series(plan, bench, spec):
    quick, full, every_policy = spec
    count = plan.pick((quick, full))
    wait = {'handoff-spin': 'active', 'handoff-parked': 'passive'}.get(bench)
    jobs = []
    for form in ('libgomp', 'libomp', 'onetbb'):
        outside = bench in NO_OUTSIDE and form != 'onetbb'
        if form in plan.forms and not outside and bench != 'external-batch':
            jobs.append(plan.micro_job(form, bench, count, wait=wait))
    if 'ramify' in plan.forms:
        for policy in POLICIES if every_policy else [DEFAULT_POLICY]:
            jobs.append(plan.micro_job('ramify', bench, count, policy))
    return Series(bench, jobs, plan.repeats)


def paced_series(plan, bench):
    """P99 at the mission's own rates, from inside or from outside the pool."""
    jobs = []
    for policy, (rate_hz, _) in MISSION.items():
        count = int(rate_hz * plan.pick(PACED_SECONDS))
        jobs.append(plan.micro_job('ramify', bench, count, policy, extra=('--rate', str(rate_hz))))
    return Series(bench, jobs, plan.repeats)


def own_series(plan):
    """What only Ramify is asked for."""
    start = [plan.micro_job('ramify', 'start-stop', plan.pick(START_STOP_ROUNDS), DEFAULT_POLICY)]
    memory = [plan.micro_job('ramify', 'memory', plan.pick(MEMORY_TASKS), DEFAULT_POLICY)]
    idle = [plan.micro_job('ramify', 'idle', 1, DEFAULT_POLICY)]
    return [Series('start-stop', start, plan.repeats), Series('memory', memory, 1), Series('idle', idle, 1)]


def series(plan):
    found = [compared_series(plan, name, spec) for name, spec in {**HANDOFF, **THROUGHPUT}.items()]
    if 'ramify' in plan.forms:
        found += [paced_series(plan, bench) for bench in PACED] + own_series(plan)
    return found


def field_of(variants, policy, field):
    for line in variants or []:
        if line['impl'] == 'ramify' and line['policy'] == policy and line['fields'].get(field):
            return line['fields'][field]['median']
    return None


def mission_rows(tables):
    """The mission's table beside what was reached: throughput in batches, P99 at the mission's own rate."""
    rows = []
    for policy, (rate_hz, p99_ns) in MISSION.items():
        reached = field_of(tables.get('external-batch'), policy, 'tasks_per_s')
        single = field_of(tables.get('external-single'), policy, 'tasks_per_s')
        rows.append({'policy': policy, 'asked_per_s': rate_hz, 'asked_p99_ns': p99_ns,
                     'batch_per_s': reached, 'single_per_s': single,
                     'ratio': reached / rate_hz if reached else None,
                     'of_aim': reached / rate_hz / MISSION_FACTOR if reached else None,
                     'inside_p99_ns': field_of(tables.get('paced-inside'), policy, 'p99_ns'),
                     'outside_p99_ns': field_of(tables.get('paced-outside'), policy, 'p99_ns')})
    return [row for row in rows if row['batch_per_s'] or row['inside_p99_ns']]


def evaluate(_plan, series_list):
    tables = {one.name: ratios.variants(one) for one in series_list}
    return {'measured': tables, 'mission': mission_rows(tables), 'failures': ratios.own_failures(series_list)}


def mission_section(rows):
    if not rows:
        return ''
    lines = []
    for r in rows:
        p99 = [f'<span class="v {"behind" if ns > r["asked_p99_ns"] else "ahead"}">{duration(ns)}</span>' if ns else '\u2013'
               for ns in (r['inside_p99_ns'], r['outside_p99_ns'])]
        lines.append([text(r['policy']), rate(r['asked_per_s']), rate(r['batch_per_s']), rate(r['single_per_s']),
                      f'{number(r["ratio"])}\u00d7', number(r['of_aim']), duration(r['asked_p99_ns']), *p99])
    head = ['policy', 'ops/s asked', 'ops/s in batches', 'ops/s one by one', 'batches over asked',
            f'of the aim ({MISSION_FACTOR}\u00d7)', 'P99 asked', 'P99, from inside', 'P99, from outside']
    return ('<h2 id="mission">The mission\'s table</h2>\n<p>Throughput: empty tasks from one producer outside the pool, to the '
            'last one\'s end. Latency: tasks submitted one by one at the rate asked for, from the moment each was due to its '
            'start; from inside, one worker produces and the others run; from outside, the producer has a core and there is '
            'one worker fewer. Throughput and latency are measured apart: at full throughput a queue is never empty, and its '
            'latency is its length.</p>\n' + table(head, lines))


def label_of(line):
    return f'Ramify {line["policy"]}' if line['impl'] == 'ramify' else line['impl']


def line_cells(line):
    """Label and the figures of one variant, whatever the measurement printed."""
    fields = line['fields']
    if line['error'] or line['skipped']:
        return [text(label_of(line)), text(line['error'] or line['skipped'])] + ['\u2013'] * 3
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
    return [text(label_of(line)), text(line['how'])] + shown


def one_section(name, variants, canvas):
    title = f'<h3>{text(TITLES.get(name, name))}</h3>\n'
    if not any(line['fields'] for line in variants):
        return f'{title}<p>{text(reason(variants))}.</p>\n'
    latency = any('p50_ns' in line['fields'] for line in variants)
    per_task = any('tasks_per_s' in line['fields'] or 'serial_ns_per_task' in line['fields'] for line in variants)
    head = ['', 'by'] + (['P50', 'P99', 'runs'] if latency else ['per task', 'rate', 'runs'] if per_task else
                         ['measured', '', ''])
    plot = ''.join(canvas.bars(name, unit, [(label_of(line), line['fields'][field]['median'],
                                             COLOURS.get(line['impl'], COLOURS['ramify']))
                                            for line in variants if line['fields'].get(field)])
                   for plotted, field, unit in PLOTTED if plotted == name)
    return title + plot + table(head, [line_cells(line) for line in variants], 2)


def section(found, _report, canvas):
    shown = ''.join(one_section(name, variants, canvas) for name, variants in found['measured'].items())
    return mission_section(found['mission']) + (f'<h2 id="interfaces">{TITLE}</h2>\n{shown}' if shown else '')


def headline(fields):
    """The one figure of a measurement that the summary shows, as text; None where there is no single one."""
    if 'p50_ns' in fields:
        return f'{duration(fields["p50_ns"]["median"])} (P99 {duration(fields["p99_ns"]["median"])})'
    if 'ns_per_task' in fields and 'before_kib' not in fields:
        return f'{fields["ns_per_task"]["median"]:.3g} ns'
    return None


def reason(variants):
    """Why a measurement has no figure: what the programs said."""
    said = {line['skipped'] or line['error'] for line in variants} - {''}
    return 'Unknown, because ' + ('; '.join(sorted(said)) or 'no form of it is built')


def mission_lines(rows):
    if not rows:
        return []
    lines = [f'{"The mission":16s}{"asked ops/s":>14s}{"reached":>12s}{"over":>7s}{f"of {MISSION_FACTOR}x":>9s}'
             f'{"P99 asked":>12s}{"inside":>12s}{"outside":>12s}']
    for row in rows:
        reached = (f'{row["batch_per_s"]:12.0f}{row["ratio"]:6.0f}x{row["of_aim"]:9.2f}' if row['batch_per_s']
                   else f'{"":28s}')
        p99 = ''.join(f'{duration(row[key]):>12s}' for key in ('asked_p99_ns', 'inside_p99_ns', 'outside_p99_ns'))
        lines.append(f'{row["policy"]:16s}{row["asked_per_s"]:14d}{reached}{p99}')
    return lines + ['']


def summary(found, _report):
    """A line per measurement: the peers, and Ramify's default policy; the page has the other policies."""
    lines = mission_lines(found['mission'])
    if found['measured']:
        lines.append(f'{TITLE} (Ramify: {DEFAULT_POLICY})')
    for name, variants in found['measured'].items():
        shown = []
        for line in variants:
            if line['fields'] and (line['impl'] != 'ramify' or line['policy'] == DEFAULT_POLICY):
                figure = headline(line['fields']) or ', '.join(
                    f'{words} {line["fields"][key]["median"]:.4g}' for key, words in FIELD_NAMES.items()
                    if key in line['fields'])
                shown.append(f'{line["impl"]} {figure}')
        lines += [f'  {TITLES.get(name, name)}:', '      ' + ('; '.join(shown) or reason(variants))]
    return lines
