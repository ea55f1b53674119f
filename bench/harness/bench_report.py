#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The main job behind bench/run: measure, compare, write the page and the JSON, print a summary.

    bench_report.py BUILD_FOLDER REPORT_FOLDER [--quick] [--only NAME] [--json FILE] [--list]

Exit status: 0; 1 when a check failed; 2 for bad usage."""
import argparse
import json
import os
import subprocess
import sys
import time

import machine_facts
import page
import plots
import ratios
from job_list import DEFAULT_POLICY, MISSION_FACTOR, REPEATS, Plan
from run_jobs import run_all

LOAD_PER_CORE = 0.35  # other programs on a third of the cores: with two, they move medians by more than the spread
DRIFT = 1.25          # the probes repeat within a tenth on a quiet machine


def arguments():
    parser = argparse.ArgumentParser(prog='bench/run', description='Measures Ramify beside its peers on this machine.')
    parser.add_argument('build')
    parser.add_argument('report')
    parser.add_argument('--quick', action='store_true', help='less than a minute instead of three')
    parser.add_argument('--only', metavar='NAME', action='append', default=[], help='one part; --list names them')
    parser.add_argument('--json', metavar='FILE', help='also write the JSON there')
    parser.add_argument('--list', action='store_true', help='name the parts and stop')
    return parser.parse_args()


def probe(build, when, cpus):
    """What the machine does by itself now."""
    done = subprocess.run([os.path.join(build, 'bench', 'bench-probe')], stdout=subprocess.PIPE, text=True, check=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    return {'when': when, 'load': os.getloadavg()[0], **json.loads(done.stdout)}


def busy_sentence(noise, workers):
    """Why the figures deserve care, '' when nothing says so: other programs before, or a speed that changed."""
    before, after = noise
    if before['load'] > LOAD_PER_CORE * workers:
        return f'before the first run other programs kept {before["load"]:.1f} CPUs busy (load average)'
    for key, what in (('loop_ns', 'a fixed loop'), ('line_ns', 'a cache line from core to core')):
        if before[key] and not 1 / DRIFT < after[key] / before[key] < DRIFT:
            return f'{what} took {before[key]:.2f} ns before and {after[key]:.2f} ns after'
    return ''


def chosen(all_series, only, kernels):
    """The series that were asked for. 'kernels' and 'micro' name groups."""
    names = set()
    for name in only:
        if name == 'kernels':
            names |= kernels
        elif name == 'micro':
            names |= set(all_series) - kernels
        elif name in all_series:
            names.add(name)
        else:
            print(f'bench/run: no part named {name}; there are: kernels, micro, {", ".join(all_series)}',
                  file=sys.stderr)
            sys.exit(2)
    return [series for name, series in all_series.items() if not only or name in names]


def job_record(job):
    return {'impl': job.impl, 'policy': job.policy, 'command': job.command(), 'error': job.error, 'skipped': job.skipped,
            'results': job.results}


def evaluate(series_list, kernels):
    """The compared part of the report."""
    on_kernels = [series for series in series_list if series.name in kernels]
    rows = [ratios.kernel_row(series) for series in on_kernels]
    micro = {series.name: ratios.micro_table(series) for series in series_list if series.name not in kernels}
    failures = [sentence for series in on_kernels for sentence in ratios.check_failures(series)]
    failures += [f'{series.name}: {job.name}: {job.error}; repeat: {job.command()}' for series in series_list
                 if series.name not in kernels for job in series.jobs if job.error and job.impl == 'ramify']
    return {'kernels': rows, 'means': ratios.means(rows), 'not_ahead': ratios.not_ahead(rows), 'micro': micro,
            'mission': ratios.mission_rows(micro), 'failures': failures}


def measure(options, facts):
    """Runs what was asked for and gives the whole report."""
    built = machine_facts.forms(options.build)
    plan = Plan(options.build, facts, built, options.quick)
    kernel_list = plan.kernels()
    kernels = {kernel['name'] for kernel in kernel_list}
    series_list = chosen(plan.all_series(), options.only, kernels)
    report = {'format': 1, 'quick': options.quick, 'started': time.strftime('%Y-%m-%d %H:%M:%S %z'), 'machine': facts,
              'repeats': REPEATS, 'missing': machine_facts.missing_peers(built)}
    begin = time.monotonic()
    noise = [probe(options.build, 'before', facts['cpus_used'])]
    run_all(series_list)
    noise.append(probe(options.build, 'after', facts['cpus_used']))
    for kernel in kernel_list:
        kernel['size'] = kernel['quick' if options.quick else 'full']
    there = {series.name for series in series_list}
    return {**report, 'seconds': time.monotonic() - begin, 'noise': noise,
            'busy': busy_sentence(noise, facts['workers']),
            'kernel_list': [kernel for kernel in kernel_list if kernel['name'] in there],
            **evaluate(series_list, kernels),
            'runs': {series.name: [job_record(job) for job in series.jobs] for series in series_list}}


def print_kernels(report):
    peers = [p for p in ('libgomp', 'libomp', 'onetbb', 'serial') if p in report['means'].get('best', {})]
    if not peers:
        return
    print('\nTimes as long as Ramify (best policy); + ahead, - behind, = no difference beyond the noise')
    print(f'{"":10s}' + ''.join(f'{p:>10s} ' for p in peers) + '  best policy')
    for row in report['kernels']:
        marks = {'ahead': '+', 'behind': '-', 'level': '='}
        cells = ''.join(f'{found["ratio"]:10.2f}{marks[found["verdict"]]}' if found else f'{"":11s}' for found in
                        (row['against'].get('best', {}).get(p) for p in peers))
        print(f'{row["name"]:10s}{cells}  {row["best_policy"] or ""}')
    print(f'{"geo. mean":10s}' + ''.join(f'{report["means"]["best"][p]:10.2f} ' for p in peers))
    default = report['means'].get('default', {}).get('openmp')
    if default:
        print(f'Default policy beside the better OpenMP, geometric mean: {default:.2f}')


def print_mission(report):
    rows = [row for row in report['mission'] if row['batch_per_s'] or row['inside_p99_ns']]
    if not rows:
        return
    print(f'\n{"The mission":16s}{"asked ops/s":>14s}{"reached":>12s}{"over":>7s}{f"of {MISSION_FACTOR}x":>9s}'
          f'{"P99 asked":>12s}{"inside":>12s}{"outside":>12s}')
    for row in rows:
        reached = (f'{row["batch_per_s"]:12.0f}{row["ratio"]:6.0f}x{row["of_aim"]:9.2f}' if row['batch_per_s']
                   else f'{"":28s}')
        p99 = ''.join(f'{page.duration(row[key]):>12s}' for key in ('asked_p99_ns', 'inside_p99_ns', 'outside_p99_ns'))
        print(f'{row["policy"]:16s}{row["asked_per_s"]:14d}{reached}{p99}')


def headline(fields):
    """The one figure of a micro benchmark that the summary shows, as text; None where there is no single one."""
    if 'p50_ns' in fields:
        return f'{page.duration(fields["p50_ns"]["median"])} (P99 {page.duration(fields["p99_ns"]["median"])})'
    if 'ns_per_task' in fields and 'before_kib' not in fields:
        return f'{fields["ns_per_task"]["median"]:.3g} ns'
    return None


def reason(found):
    """Why a measurement has no figure: what the programs said."""
    said = {line['skipped'] or line['error'] for line in found['variants']} - {''}
    return 'unknown, because ' + ('; '.join(sorted(said)) or 'no form of it is built')


def print_micro(report):
    """A line per measurement: the peers, and Ramify's default policy; the page has the other policies."""
    if report['micro']:
        print(f'\nThe interfaces alone (Ramify: {DEFAULT_POLICY})')
    for name, found in report['micro'].items():
        shown = []
        for line in found['variants']:
            if line['fields'] and (line['impl'] != 'ramify' or line['policy'] == DEFAULT_POLICY):
                figure = headline(line['fields']) or ', '.join(
                    f'{words} {line["fields"][key]["median"]:.4g}' for key, words in page.FIELD_NAMES.items()
                    if key in line['fields'])
                shown.append(f'{line["impl"]} {figure}')
        print(f'  {page.MICRO_TITLES.get(name, name)}:\n      ' + ('; '.join(shown) or reason(found)))


def write(report, options):
    """The JSON first: whatever becomes of the plots, the measurements are kept."""
    os.makedirs(options.report, exist_ok=True)
    text = json.dumps(report, indent=1)
    for path in filter(None, [os.path.join(options.report, 'report.json'), options.json]):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text + '\n')
    drawn, trouble = plots.all_plots(options.report, report['kernels'], report['micro'])
    if trouble:
        print(f'The page has no plots: {trouble}')
    with open(os.path.join(options.report, 'index.html'), 'w', encoding='utf-8') as file:
        file.write(page.page(report, drawn))


def main():
    options = arguments()
    facts = machine_facts.gather(options.build)
    if options.list:
        plan = Plan(options.build, facts, machine_facts.forms(options.build), True)
        print('\n'.join(['kernels', 'micro'] + list(plan.all_series())))
        return 0
    print(facts['tree']['text'] or facts['reason'])
    report = measure(options, facts)
    write(report, options)
    print_kernels(report)
    print_mission(report)
    print_micro(report)
    for what in report['missing'].values():
        print(f'\nLeft out, because it is not installed: {what}')
    if report['busy']:
        print(f'\nTake these figures with care: {report["busy"]}')
    for sentence in report['failures']:
        print(f'\nFAILED: {sentence}')
    print(f'\n{report["seconds"]:.0f} s. The report: {os.path.join(options.report, "index.html")} and report.json beside it')
    return 1 if report['failures'] else 0


if __name__ == '__main__':
    sys.exit(main())
