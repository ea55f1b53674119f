# SPDX-License-Identifier: BSD-3-Clause
"""From runs to figures: medians with their spread, ratios with a verdict, checks. Pure functions over finished series."""
import math
import statistics

from job_list import DEFAULT_POLICY, MISSION, MISSION_FACTOR

# A peer and its forms; the better form counts, as its users would choose.
PEERS = {'libgomp': ('libgomp', 'libgomp-loops'), 'libomp': ('libomp', 'libomp-loops'), 'onetbb': ('onetbb',)}


def figure(values):
    """Median, extremes and the middle half of some runs; None without runs."""
    if not values:
        return None
    ordered = sorted(values)
    edge = len(ordered) // 4
    return {'median': statistics.median(ordered), 'min': ordered[0], 'max': ordered[-1],
            'q1': ordered[edge], 'q3': ordered[-1 - edge], 'runs': list(values)}


def of_job(job, field):
    return figure([result[field] for result in job.results if field in result])


def verdict(ours, theirs):
    """'ahead' or 'behind' only when the middle halves of the runs do not touch: otherwise 'level'. Smaller is better."""
    if ours['q3'] < theirs['q1']:
        return 'ahead'
    return 'behind' if ours['q1'] > theirs['q3'] else 'level'


def against(ours, theirs):
    return {'ratio': theirs['median'] / ours['median'], 'verdict': verdict(ours, theirs)}


def geometric_mean(values):
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else None


def best(candidates):
    """The (name, figure) with the least median, None without any."""
    there = [(name, fig) for name, fig in candidates if fig]
    return min(there, key=lambda one: one[1]['median']) if there else None


def check_failures(series):
    """A sentence for each run that gave a wrong result or none, with what repeats it."""
    serial = next((job for job in series.jobs if job.impl == 'serial'), None)
    expected = serial.results[0]['check'] if serial and serial.results else None
    for job in series.jobs:
        wrong = [r for r in job.results if not r['right'] or (expected and r['check'] != expected)]
        if wrong:
            yield (f'{series.name} in {job.name}, size {wrong[0]["size"]}, seed {wrong[0]["seed"]}: check '
                   f'{wrong[0]["check"]} where the serial form gives {expected}; repeat: {job.command()}')
        elif job.error and job.impl in ('serial', 'ramify'):
            yield f'{series.name} in {job.name}: {job.error}; repeat: {job.command()}'


def kernel_row(series):
    """One kernel: every variant's figure, and Ramify's best and default policy against each peer's best form."""
    figures = {(job.impl, job.policy): of_job(job, 'seconds') for job in series.jobs}
    policies = {policy: fig for (impl, policy), fig in figures.items() if impl == 'ramify' and fig}
    row = {'name': series.name, 'serial': figures.get(('serial', '')), 'serial-clang': figures.get(('serial-clang', '')),
           'policies': policies, 'peers': {}, 'against': {}}
    chosen = best(policies.items())
    row['best_policy'] = chosen[0] if chosen else None
    for peer, forms in PEERS.items():
        winner = best((form, figures.get((form, ''))) for form in forms)
        if winner:
            row['peers'][peer] = {'form': winner[0], 'figure': winner[1]}
    row['against'] = compared(row)
    return row


def compared(row):
    """Ratios of the peers' (and the serial) time to Ramify's, for the best policy and for the default."""
    result = {}
    for which, policy in (('best', row['best_policy']), ('default', DEFAULT_POLICY)):
        ours = row['policies'].get(policy)
        if not ours:
            continue
        result[which] = {peer: against(ours, found['figure']) for peer, found in row['peers'].items()}
        if row['serial']:
            result[which]['serial'] = against(ours, row['serial'])
        openmp = best((peer, row['peers'][peer]['figure']) for peer in ('libgomp', 'libomp') if peer in row['peers'])
        if openmp:
            result[which]['openmp'] = against(ours, openmp[1])
    return result


def means(rows):
    """Geometric means of the ratios over the kernels, per choice of policy and peer."""
    result = {}
    for which in ('best', 'default'):
        peers = {peer for row in rows for peer in row['against'].get(which, {})}
        result[which] = {peer: geometric_mean([row['against'][which][peer]['ratio'] for row in rows
                                               if peer in row['against'].get(which, {})]) for peer in sorted(peers)}
    return result


def not_ahead(rows):
    """Where Ramify's best policy is not ahead of a parallel peer: (kernel, peer, ratio, verdict)."""
    return [(row['name'], peer, found['ratio'], found['verdict']) for row in rows
            for peer, found in row['against'].get('best', {}).items()
            if peer in PEERS and found['verdict'] != 'ahead']


def micro_table(series):
    """One micro benchmark: per variant the figures of every field that was printed."""
    lines = []
    for job in series.jobs:
        fields = sorted({key for result in job.results for key, value in result.items()
                         if isinstance(value, (int, float)) and key not in ('workers', 'count')})
        lines.append({'impl': job.impl, 'policy': job.policy, 'error': job.error, 'skipped': job.skipped,
                      'how': job.results[0].get('how', '') if job.results else '',
                      'count': job.results[0].get('count') if job.results else None,
                      'fields': {key: of_job(job, key) for key in fields}})
    return {'name': series.name, 'variants': lines}


def field_of(table, policy, field):
    for line in table['variants'] if table else []:
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
    return rows
