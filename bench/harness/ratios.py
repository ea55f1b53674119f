# SPDX-License-Identifier: BSD-3-Clause
"""From runs to figures: medians with their spread, ratios with a verdict, checks. Pure functions over finished series."""
import math
import statistics

# A peer and its forms; the better form counts, as its users would choose.
PEERS = {'libgomp': ('libgomp', 'libgomp-untied', 'libgomp-loops'), 'libomp': ('libomp', 'libomp-untied', 'libomp-loops'),
         'onetbb': ('onetbb',)}
OPENMP = ('libgomp', 'libomp')
CLOSE = 0.3  # differences of a third and less are measured again before they are called one
# Ramify's form that a peer is compared with: its kernels are compiled by the peer's own compiler.
OURS = {'libomp': 'ramify-clang'}


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


def is_close(one):
    """A difference that few runs may show by chance: of twenty pairs of equals, two lie so in five runs each."""
    return one['verdict'] != 'level' and abs(math.log(one['ratio'])) < CLOSE


def decided(series, workers, first, forms):
    """What the runs that were made again say of (ours, theirs), or the first ones where there are none."""
    ours, theirs = (of_job(job, 'seconds') if job else None for job in (
        next((job for job in series.again if (job.impl, job.workers) == (form, workers)), None) for form in forms))
    if not ours or not theirs:
        return first
    return {**against(ours, theirs), 'first': first, 'rounds': len(ours['runs'])}


def geometric_mean(values):
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else None


def best(candidates):
    """The (name, figure) with the least median, None without any."""
    there = [(name, fig) for name, fig in candidates if fig]
    return min(there, key=lambda one: one[1]['median']) if there else None


def check_failures(series):
    """A sentence for each job that gave a wrong result or none, with what repeats it."""
    serial = next((job for job in series.jobs if job.impl == 'serial'), None)
    expected = serial.results[0]['check'] if serial and serial.results else None
    for job in series.jobs + series.again:
        wrong = [r for r in job.results if not r['right'] or (expected and r['check'] != expected)]
        if wrong:
            yield (f'{series.name} in {job.name}, size {wrong[0]["size"]}, seed {wrong[0]["seed"]}: check '
                   f'{wrong[0]["check"]} where the serial form gives {expected}; repeat: {job.command()}')
        elif job.error and job.impl.startswith(('serial', 'ramify')):
            yield f'{series.name} in {job.name}: {job.error}; repeat: {job.command()}'


def own_failures(series_list):
    """A sentence for each of Ramify's own runs that gave no result; a peer's own trouble is shown, and fails nothing."""
    return [f'{series.name}: {job.name}: {job.error}; repeat: {job.command()}' for series in series_list
            for job in series.jobs if job.error and job.impl == 'ramify']


def at_workers(series, workers):
    """One kernel on so many workers: Ramify's figure, each peer's better form, and the ratios."""
    figures = {(job.impl, job.workers): of_job(job, 'seconds') for job in series.jobs if not job.policy}
    found = {'peers': {}, 'against': {}}
    for ours in ('ramify', 'ramify-clang'):
        winner = best((form, figures.get((form, workers))) for form in (ours, f'{ours}-phased'))
        found[ours] = {'form': winner[0], 'figure': winner[1]} if winner else None
    for peer, forms in PEERS.items():
        winner = best((form, figures.get((form, workers))) for form in forms)
        if winner:
            found['peers'][peer] = {'form': winner[0], 'figure': winner[1]}
    if not found['ramify']:
        return found
    for peer, theirs in found['peers'].items():
        ours = found[OURS.get(peer, 'ramify')] or found['ramify']
        first = against(ours['figure'], theirs['figure'])
        found['against'][peer] = decided(series, workers, first, (ours['form'], theirs['form']))
    openmp = [found['against'][peer] for peer in OPENMP if peer in found['against']]
    if openmp:
        found['against']['openmp'] = min(openmp, key=lambda one: one['ratio'])
    if figures.get(('serial', 1)):
        found['against']['serial'] = against(found['ramify']['figure'], figures[('serial', 1)])
    return found


def close_forms(series, workers):
    """The forms whose differences on so many workers are to be measured again."""
    found = at_workers(series, workers)
    forms = []
    for peer, theirs in found['peers'].items():
        if is_close(found['against'].get(peer, {'verdict': 'level'})):
            forms += [(found[OURS.get(peer, 'ramify')] or found['ramify'])['form'], theirs['form']]
    return list(dict.fromkeys(forms))


def speed_up(row, who):
    """How many times faster on all workers than on one: of Ramify, or of a peer's better forms; None if unknown."""
    def median(found):
        if who == 'ramify':
            return found['ramify'] and found['ramify']['figure']['median']
        return found['peers'][who]['figure']['median'] if who in found['peers'] else None
    counts = sorted(row['at'])
    one, every = median(row['at'][counts[0]]), median(row['at'][counts[-1]])
    return one / every if one and every and len(counts) > 1 else None


def kernel_row(series, tasks):
    """One kernel at every number of workers. tasks: True for a task kernel, whose ratios the goal counts."""
    counts = sorted({job.workers for job in series.jobs if not job.impl.startswith('serial')})
    serials = {job.impl: of_job(job, 'seconds') for job in series.jobs if job.impl.startswith('serial')}
    row = {'name': series.name, 'tasks': tasks, 'serial': serials.get('serial'), 'serial-clang': serials.get('serial-clang'),
           'at': {workers: at_workers(series, workers) for workers in counts},
           'memory': {f'{job.impl} {job.workers}': of_job(job, 'most_kib') for job in series.jobs if job.results}}
    row['speed_up'] = {who: speed_up(row, who) for who in ('ramify', *PEERS)} if counts else {}
    return row


def means(counted):
    """Workers -> peer -> geometric mean of the ratios over these kernels."""
    result = {}
    for workers in sorted({w for row in counted for w in row['at']}):
        found = [row['at'][workers]['against'] for row in counted if workers in row['at']]
        peers = sorted({peer for one in found for peer in one})
        result[workers] = {peer: geometric_mean([one[peer]['ratio'] for one in found if peer in one]) for peer in peers}
    return result


def not_ahead(rows):
    """Where Ramify is not ahead of a parallel peer: (kernel, workers, peer, form, ratio, verdict), the worst first."""
    found = [(row['name'], workers, peer, at['peers'][peer]['form'], one['ratio'], one['verdict']) for row in rows
             for workers, at in row['at'].items() for peer, one in at['against'].items()
             if peer in PEERS and one['verdict'] != 'ahead']
    return sorted(found, key=lambda one: (one[5] != 'behind', one[4]))


def variants(series):
    """One micro benchmark: per variant the figures of every field that was printed."""
    lines = []
    for job in series.jobs:
        fields = sorted({key for result in job.results for key, value in result.items()
                         if isinstance(value, (int, float)) and key not in ('workers', 'count')})
        lines.append({'impl': job.impl, 'policy': job.policy, 'workers': job.workers, 'error': job.error,
                      'skipped': job.skipped, 'how': job.results[0].get('how', '') if job.results else '',
                      'count': job.results[0].get('count') if job.results else None,
                      'fields': {key: of_job(job, key) for key in fields}})
    return lines
