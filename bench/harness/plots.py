# SPDX-License-Identifier: BSD-3-Clause
"""The report's plots: gnuplot writes SVG; texts and axes take the colour of the page, so they read in light and dark."""
import os
import re
import shutil
import subprocess

INK = '#010203'  # a colour nothing else has; becomes currentColor
COLOURS = {'libgomp': '#8a94a6', 'libomp': '#b7a68a', 'onetbb': '#6f9fc8', 'ramify': '#e07b39', 'serial': '#5b8c5a'}
VARIANTS = ('#e07b39', '#c43d5b', '#8e5ea2', '#d9a441')  # Ramify in several ways of calling, on one plot
PREAMBLE = f'''set encoding utf8
set border 3 lc rgb "{INK}" lw 0.6
set tics nomirror out scale 0.4 textcolor rgb "{INK}"
set key outside top center horizontal Left reverse samplen 1 textcolor rgb "{INK}"
set grid y lc rgb "#9099a6" lw 0.4 dt 3
set style fill solid 1.0 noborder
set boxwidth 0.85
'''


class Canvas:
    """Draws into the report's folder; without gnuplot it draws nothing and keeps the reason."""

    def __init__(self, folder):
        self.folder = folder
        self.trouble = '' if shutil.which('gnuplot') else 'gnuplot is not installed'

    def draw(self, name, size, script, data):
        """An HTML figure with the plot in it, '' without one. data: name -> lines, used as $name in the script."""
        if self.trouble:
            return ''
        blocks = ''.join(f'${key} << EOD\n{text}EOD\n' for key, text in data.items())
        terminal = f'set terminal svg size {size[0]},{size[1]} dynamic font "system-ui, sans-serif,13"\n'
        try:
            done = subprocess.run(['gnuplot'], input=terminal + blocks + PREAMBLE + script, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=True)
            svg = done.stdout[done.stdout.index('<svg'):]
        except (subprocess.SubprocessError, ValueError) as trouble:
            self.trouble = f'gnuplot failed on {name}: {getattr(trouble, "stderr", None) or trouble}'
            return ''
        with open(os.path.join(self.folder, f'{name}.svg'), 'w', encoding='utf-8') as file:
            file.write('<?xml version="1.0" encoding="utf-8"?>\n' + recolour(svg, '#6b7280'))
        page_svg = unique_ids(recolour(svg.replace('color="black"', ''), 'currentColor'), name)
        return f'<figure>{page_svg}</figure>\n'

    def bars(self, name, unit, lines):
        """One horizontal bar per (label, value, colour), logarithmic, the value at its end; '' without lines."""
        if not lines:
            return ''
        lines = list(reversed(lines))
        least = min(value for _, value, _ in lines) / 3  # the shortest bar keeps a length
        data = table([[label, value, float(i)] for i, (label, value, _) in enumerate(lines)])
        data = ''.join(f'{line} {int(colour[1:], 16)}\n' for line, (_, _, colour) in zip(data.splitlines(), lines))
        script = (f'set logscale x\nset xrange [{least:.6g}:*]\nunset key\nset lmargin 24\nset rmargin 8\n'
                  f'set grid noy\nset grid x lc rgb "#9099a6" lw 0.4 dt 3\nset xlabel "{unit}" textcolor rgb "{INK}"\n'
                  f'set yrange [-0.7:{len(lines) - 0.3}]\n'
                  f'plot $d using ({least:.6g}):3:({least:.6g}):2:($3-0.38):($3+0.38):4:ytic(1) '
                  f'with boxxyerror lc rgb variable, '
                  f'$d using 2:3:(sprintf("  %.3g", $2)) with labels left textcolor rgb "{INK}"\n')
        return self.draw(name, (960, 90 + 26 * len(lines)), script, {'d': data})

    def groups(self, name, unit, titles, rows, least=0):
        """Grouped bars. titles: (title, colour) per bar of a group; rows: [label, value or None, ...]; '' without. least:
        where bars begin; above 0 the axis is logarithmic."""
        if not rows:
            return ''
        plot = [f'$d using {i + 2}:xtic(1) title "{title}" lc rgb "{colour}"' for i, (title, colour) in enumerate(titles)]
        script = ('set style data histogram\nset style histogram clustered gap 1.2\n'
                  f'{"set logscale y" if least else ""}\nset yrange [{least}:*]\n'
                  'set xtics rotate by -40\n'
                  f'set ylabel "{unit}" textcolor rgb "{INK}"\n'
                  f'set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb "{INK}" lw 0.6\n'
                  'plot ' + ', '.join(plot) + '\n')
        return self.draw(name, (max(960, 44 * len(rows)), 400), script, {'d': table(rows)})

    def curves(self, name, labels, titles, rows, script='', dashed=()):
        """Curves over a logarithmic x. labels: of x and y; titles: (title, colour) per curve; rows: [x, y or None, ...];
        dashed: per curve, true for a broken line."""
        if not rows:
            return ''
        plot = [f'$d using 1:{i + 2} with linespoints pt 7 ps 0.5 lw 2 lc rgb "{colour}" dt {3 if dashed and dashed[i] else 1} '
                f'title "{title}"' for i, (title, colour) in enumerate(titles)]
        script = (f'set logscale x\nset format x "%.0s %c"\nset xlabel "{labels[0]}" textcolor rgb "{INK}"\n'
                  f'set ylabel "{labels[1]}" textcolor rgb "{INK}"\n{script}plot ' + ', '.join(plot) + '\n')
        return self.draw(name, (960, 420), script, {'d': table(rows)})


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
