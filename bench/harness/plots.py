# SPDX-License-Identifier: BSD-3-Clause
"""The report's plots: gnuplot writes SVG; texts and axes take the colour of the page, so they read in light and dark."""
import os
import re
import shutil
import subprocess

INK = '#010203'  # a colour nothing else has; becomes currentColor
COLOURS = {'libgomp': '#8a94a6', 'libomp': '#b7a68a', 'onetbb': '#6f9fc8', 'default': '#e07b39', 'best': '#c43d5b'}
PREAMBLE = f'''set encoding utf8
set border 3 lc rgb "{INK}" lw 0.6
set tics nomirror out scale 0.4 textcolor rgb "{INK}"
set key outside top center horizontal Left reverse samplen 1 textcolor rgb "{INK}"
set grid y lc rgb "#9099a6" lw 0.4 dt 3
set style fill solid 1.0 noborder
set boxwidth 0.85
'''


def draw(path, name, size, script, data):
    """Runs gnuplot and gives the SVG's text; the file is written with a fixed ink, the text with the page's."""
    blocks = ''.join(f'${key} << EOD\n{text}EOD\n' for key, text in data.items())
    terminal = f'set terminal svg size {size[0]},{size[1]} dynamic font "system-ui, sans-serif,13"\n'
    done = subprocess.run(['gnuplot'], input=terminal + blocks + PREAMBLE + script, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=True)
    svg = done.stdout[done.stdout.index('<svg'):]
    with open(os.path.join(path, f'{name}.svg'), 'w', encoding='utf-8') as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n' + recolour(svg, '#6b7280'))
    return unique_ids(recolour(svg.replace('color="black"', ''), 'currentColor'), name)


def recolour(svg, ink):
    return re.sub(r'rgb\(\s*1,\s*2,\s*3\)|#010203|(?<=fill=")black(?=")', ink, svg)


def unique_ids(svg, name):
    """Several plots on one page must not share ids."""
    svg = re.sub(r"\b(id=['\"])", rf'\g<1>{name}-', svg)
    svg = re.sub(r"(href=['\"]#)", rf'\g<1>{name}-', svg)
    return re.sub(r'url\(#', f'url(#{name}-', svg)


def table(rows):
    """Lines for gnuplot: the first column quoted, missing figures as NaN."""
    def cell(value):
        return f'"{value}"' if isinstance(value, str) else 'NaN' if value is None else f'{value:.6g}'
    return ''.join(' '.join(cell(v) for v in row) + '\n' for row in rows)


def speedups(folder, rows):
    """Grouped bars: how many times faster than the serial form."""
    def ratio(row, fig):
        return row['serial']['median'] / fig['median'] if fig and row['serial'] else None
    lines = []
    for row in rows:
        peers = [row['peers'].get(p, {}).get('figure') for p in ('libgomp', 'libomp', 'onetbb')]
        ours = [row['policies'].get('work-stealing'), row['policies'].get(row['best_policy'])]
        lines.append([row['name']] + [ratio(row, fig) for fig in peers + ours])
    titles = ['libgomp, better form', 'libomp, better form', 'oneTBB', 'Ramify, work-stealing', 'Ramify, best policy']
    bars = [f'$d using {i + 2}:xtic(1) title "{title}" lc rgb "{colour}"'
            for i, (title, colour) in enumerate(zip(titles, COLOURS.values()))]
    script = ('set style data histogram\nset style histogram clustered gap 1.2\nset yrange [0:*]\n'
              f'set ylabel "speed-up over serial" textcolor rgb "{INK}"\n'
              f'set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb "{INK}" lw 0.6\n'
              'plot ' + ', '.join(bars) + '\n')
    return draw(folder, 'speedup', (960, 380), script, {'d': table(lines)})


def colour_of(impl):
    return COLOURS.get(impl, COLOURS['default'])


def label_of(line):
    return f'Ramify {line["policy"]}' if line['impl'] == 'ramify' else line['impl']


def horizontal_bars(folder, name, unit, lines):
    """One bar per line (label, value, colour), longest label left, logarithmic, the value at its end."""
    lines = list(reversed(lines))
    least = min(value for _, value, _ in lines)
    data = table([[label, value, float(i)] for i, (label, value, _) in enumerate(lines)])
    data = ''.join(f'{line} {int(colour[1:], 16)}\n' for line, (_, _, colour) in zip(data.splitlines(), lines))
    script = (f'set logscale x\nset xrange [{least / 3:.6g}:*]\nunset key\nset lmargin 24\nset rmargin 8\n'
              f'set grid noy\nset grid x lc rgb "#9099a6" lw 0.4 dt 3\nset xlabel "{unit}" textcolor rgb "{INK}"\n'
              f'set yrange [-0.7:{len(lines) - 0.3}]\n'
              f'plot $d using ({least / 3:.6g}):3:({least / 3:.6g}):2:($3-0.38):($3+0.38):4:ytic(1) '
              f'with boxxyerror lc rgb variable, '
              f'$d using 2:3:(sprintf("  %.3g", $2)) with labels left textcolor rgb "{INK}"\n')
    return draw(folder, name, (960, 90 + 26 * len(lines)), script, {'d': data})


def of_field(table_of, field, field_unit=1.0):
    return [(label_of(line), line['fields'][field]['median'] / field_unit, colour_of(line['impl']))
            for line in table_of['variants'] if line['fields'].get(field)]


def all_plots(folder, rows, tables):
    """Name of each plot -> its SVG for the page, those without data left out; and why there are none, or ''."""
    if not shutil.which('gnuplot'):
        return {}, 'gnuplot is not installed'
    try:
        return drawn(folder, rows, tables), ''
    except subprocess.SubprocessError as trouble:
        return {}, f'gnuplot failed: {getattr(trouble, "stderr", None) or trouble}'


def drawn(folder, rows, tables):
    found = {}
    if any(row['policies'] or row['peers'] for row in rows):
        found['speedup'] = speedups(folder, rows)
    for name, field, unit in (('handoff-spin', 'p50_ns', 'nanoseconds from submit to start, median'),
                              ('external-single', 'ns_per_task', 'nanoseconds per empty task'),
                              ('external-batch', 'ns_per_task', 'nanoseconds per empty task'),
                              ('inside-single', 'ns_per_task', 'nanoseconds per empty task'),
                              ('flat-100ns', 'ns_per_task', 'nanoseconds per task of 100 ns')):
        lines = of_field(tables[name], field) if name in tables else []
        if lines:
            found[name] = horizontal_bars(folder, name, unit, lines)
    return found
