# SPDX-License-Identifier: BSD-3-Clause
"""Where memory accesses are served on a machine of four nodes, counted in an emulator: the newest table that
`tests/run counts` left in the build folder. Nothing is run here; without a table the part is empty."""
import json
import os

from page import table, text

ORDER = 35
TITLE = 'Locality in counts'


def series(_plan):
    return []


def evaluate(plan, _series_list):
    path = os.path.join(os.path.dirname(plan.bench), 'counts', 'locality.json')
    if not os.path.exists(path):
        return {'kernels': [], 'goals': [], 'failures': []}
    with open(path, encoding='utf-8') as file:
        counted = json.load(file)
    with open(os.path.splitext(path)[0] + '.svg', encoding='utf-8') as file:
        picture = file.read()
    return {'facts': counted['facts'], 'head': counted['head'], 'kernels': counted['kernels'], 'goals': counted['goals'],
            'picture': picture, 'failures': []}


def section(found, _report, _canvas):
    if not found['kernels']:
        return ''
    facts = found['facts']
    caches = ', '.join(f'{level} {kib} KiB' for level, kib in facts['caches_kib'].items())
    rows = [[text(one['name']), *map(text, row)] for one in found['kernels'] for row in one['cells']]
    goals = [[text(goal['goal']), text(goal['bound']), text(goal['value']), 'met' if goal['met'] else 'not met']
             for goal in found['goals']]
    return (f'<h2 id="locality">{TITLE}</h2>\n<p>{text(facts["what"])} Counted {text(facts["when"])} with '
            f'{text(facts["emulator"])}; caches: {text(caches)}; least recently used, no prefetching. '
            f'The last column is of tasks where cost is even, of work where it is skewed.</p>\n<div class="wide">{found["picture"]}'
            '</div>\n' + table(['kernel', *map(text, found['head'])], rows, 2) + table(['goal', 'bound', 'counted', ''], goals, 2))


def summary(found, _report):
    missed = [goal for goal in found['goals'] if not goal['met']]
    if not found['kernels']:
        return []
    return [f'{TITLE}: {len(found["goals"]) - len(missed)} of {len(found["goals"])} goals met'] + [
        f'  not met: {goal["goal"]}: {goal["value"]} ({goal["bound"]})' for goal in missed]
