# SPDX-License-Identifier: BSD-3-Clause
"""Task Bench's measure: the smallest task at which a pattern of dependencies still runs half as fast as it could; and the
curves it is read from, efficiency over granularity."""
import os

from page import duration, table, text
from plots import COLOURS, INK, VARIANTS
from run_jobs import Job, Series

ORDER = 22
TITLE = 'Dependencies: METG(50 %) of Task Bench'

PATTERNS = ('trivial', 'stencil_1d', 'fft', 'tree', 'random_nearest', 'spread')
FORMS = {'ramify-graph': 'Ramify, a graph run again', 'ramify-depend': 'Ramify, submitted each time',
         'libgomp': 'libgomp, task depend', 'libomp': 'libomp, task depend'}
COLOUR = {'ramify-graph': VARIANTS[0], 'ramify-depend': VARIANTS[1], 'libgomp': COLOURS['libgomp'], 'libomp': COLOURS['libomp']}
STEPS = (50, 200)
SWEEPS = (1, 3)  # a sweep is some 40 points of several runs each


def built(plan):
    return [form for form in FORMS if os.path.exists(os.path.join(plan.bench, f'metg-{form}'))]


def job(plan, form, pattern):
    argv = [os.path.join(plan.bench, f'metg-{form}'), pattern, '--workers', str(plan.workers), '--steps',
            str(plan.pick(STEPS)), '--rounds', '3']
    return Job(form, '', argv, plan.cpus, plan.settings(form, plan.workers), plan.workers)


def series(plan):
    forms = built(plan)
    return [Series(f'metg-{pattern}', [job(plan, form, pattern) for form in forms], plan.pick(SWEEPS))
            for pattern in PATTERNS if forms]


def median(values):
    return sorted(values)[len(values) // 2] if values else None


def curve(results):
    """The points of a form's run with the median METG, (granularity in ns, efficiency), the finest first."""
    ordered = sorted((r for r in results if r.get('points')), key=lambda r: r['metg_ns'])
    return sorted(map(tuple, ordered[len(ordered) // 2]['points'])) if ordered else []


def own_failures(series_list):
    return [f'{one.name}: {j.name}: {j.error}; repeat: {j.command()}' for one in series_list for j in one.jobs
            if j.error and j.impl.startswith('ramify')]


def evaluate(plan, series_list):
    lines = []
    for one in series_list:
        figures = {j.impl: median([r['metg_ns'] for r in j.results if r['metg_is'] != 'above']) for j in one.jobs}
        lines.append({'pattern': one.name[len('metg-'):], 'metg_ns': figures,
                      'curves': {j.impl: curve(j.results) for j in one.jobs},
                      'errors': {j.impl: j.error for j in one.jobs if j.error}})
    return {'lines': lines, 'workers': plan.workers, 'failures': own_failures(series_list)}


def plot(found, forms, canvas):
    rows = [[line['pattern'].replace('_', ' ')] + [value and value / 1e3 for value in map(line['metg_ns'].get, forms)]
            for line in found['lines']]
    return canvas.groups('metg', 'microseconds per task and core', [(FORMS[form], COLOUR[form]) for form in forms], rows,
                         least=0.01)


def plot_curves(line, forms, canvas):
    """One pattern's efficiency over granularity; each form has granularities of its own."""
    curves = [(form, line['curves'].get(form)) for form in forms if line['curves'].get(form)]
    rows = [[grain] + [efficiency if other == form else None for other, _ in curves]
            for form, points in curves for grain, efficiency in points]
    script = (f'set yrange [0:*]\nset key outside right center vertical\n'
              f'set arrow from graph 0, first 0.5 to graph 1, first 0.5 nohead lc rgb "{INK}" dt 2\n'
              f'set label "half of what bare threads do" at graph 0.01, first 0.53 textcolor rgb "{INK}"\n')
    return canvas.curves(f'metg-{line["pattern"]}', ('nanoseconds per task and core', 'efficiency'),
                         [(FORMS[form], COLOUR[form]) for form, _ in curves], rows, script)


def curves_section(found, forms, canvas):
    shown_curves = [(line['pattern'], plot_curves(line, forms, canvas)) for line in found['lines']]
    return ''.join(f'<h4>{text(pattern.replace("_", " "))}</h4>\n{figure}' for pattern, figure in shown_curves if figure)


NONE = 'above 50 \u00b5s'  # the largest grain: no grain was efficient


def shown(line, form):
    value = line['metg_ns'].get(form)
    return duration(value) if value is not None else text(line['errors'].get(form) or NONE)


def forms_of(found):
    return [form for form in FORMS if any(form in line['metg_ns'] for line in found['lines'])]


def section(found, _report, canvas):
    forms = forms_of(found)
    if not forms:
        return ''
    rows = [[text(line['pattern'])] + [shown(line, form) for form in forms] for line in found['lines']]
    return (f'<h2 id="metg">{TITLE}</h2>\n<p>Minimum effective task granularity (Slaughter and others, SC 2020): the time of a '
            f'run times its {found["workers"]} workers over its tasks, where the compute kernel just reaches half of the rate it '
            'has in bare threads. Eight columns per worker; every task checks what those it waited for left; the grain is lowered from 50 \u00b5s by '
            'fourths of a halving. Smaller is better; the line is one microsecond.</p>\n'
            + plot(found, forms, canvas) + table(['pattern'] + [text(FORMS[form]) for form in forms], rows)
            + '<h3>Efficiency over grain with dependencies</h3>\n' + curves_section(found, forms, canvas))


def summary(found, _report):
    forms = forms_of(found)
    if not forms:
        return []
    return [f'{TITLE} on {found["workers"]} workers, per task and core',
            f'  {"":16s}' + ''.join(f'{form:>16s}' for form in forms)] + [
        f'  {line["pattern"]:16s}' + ''.join(f'{shown(line, form):>16s}' for form in forms) for line in found['lines']]
