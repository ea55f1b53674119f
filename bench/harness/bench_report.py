#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The main job behind bench/run: measure, compare, write the page and the JSON, print a summary.

    bench_report.py BUILD_FOLDER REPORT_FOLDER [options]      options: --help

What is measured and shown is in the parts (parts.py). Exit status: 0; 1 when a check failed; 2 for bad usage."""
import argparse
import json
import os
import subprocess
import sys
import time

import machine_facts
import page
import plots
from parts import all_parts
from plan import Plan
from run_jobs import run_all

LOAD_PER_CORE = 0.35  # other programs on a third of the cores: with two, they move medians by more than the spread
DRIFT = 1.25          # the probes repeat within a tenth on a quiet machine


def arguments(parts):
    parser = argparse.ArgumentParser(prog='bench/run', description='Installs what is missing, builds the release preset, '
                                     'measures Ramify beside its peers on this machine, writes build/report/.')
    parser.add_argument('build', help=argparse.SUPPRESS)
    parser.add_argument('report', help=argparse.SUPPRESS)
    parser.add_argument('--check-usage', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('--quick', action='store_true', help='a minute and a half on two cores instead of some ten minutes')
    parser.add_argument('--only', metavar='NAME', action='append', default=[],
                        help='one part, or one series of a part; may be given more than once; --list names them')
    parser.add_argument('--json', metavar='FILE', help='also write the JSON there')
    parser.add_argument('--list', action='store_true', help='name the parts and their series and stop')
    for part in parts.values():
        if hasattr(part, 'arguments'):
            part.arguments(parser)
    parser.epilog = ('Instead of measuring: --profile perf, --profile gprofng or --trace look inside one kernel '
                     '(bench/run --trace --help).')
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


def planned(parts, plan):
    """Part -> its series."""
    return {name: list(part.series(plan)) for name, part in parts.items()}


def chosen(series_of, only):
    """The parts and series that were asked for; a part that has none of them is left out."""
    known = set(series_of) | {series.name for found in series_of.values() for series in found}
    for name in only:
        if name not in known:
            print(f'bench/run: no part named {name}; --list names them', file=sys.stderr)
            sys.exit(2)
    if not only:
        return series_of
    picked = {part: [series for series in found if part in only or series.name in only]
              for part, found in series_of.items()}
    return {part: found for part, found in picked.items() if found or part in only}


def job_record(job):
    return {'impl': job.impl, 'policy': job.policy, 'workers': job.workers, 'command': job.command(), 'error': job.error,
            'skipped': job.skipped, 'results': job.results}


def measure(options, facts, parts):
    """Runs what was asked for and gives the whole report."""
    built = machine_facts.forms(options.build)
    plan = Plan(options.build, facts, built, options)
    series_of = chosen(planned(parts, plan), options.only)
    everything = [series for found in series_of.values() for series in found]
    begin, started = time.monotonic(), time.strftime('%Y-%m-%d %H:%M:%S %z')
    noise = [probe(options.build, 'before', facts['cpus_used'])]
    run_all(everything)
    more = [series for name, found in series_of.items() if hasattr(parts[name], 'again')
            for series in parts[name].again(plan, found)]
    run_all(more)
    noise.append(probe(options.build, 'after', facts['cpus_used']))
    found = {name: parts[name].evaluate(plan, series) for name, series in series_of.items()}
    return {'format': 2, 'quick': options.quick, 'started': started, 'machine': facts, 'repeats': plan.repeats,
            'missing': machine_facts.missing_peers(built), 'seconds': time.monotonic() - begin, 'noise': noise,
            'busy': busy_sentence(noise, facts['workers']), 'parts': found,
            'failures': [sentence for one in found.values() for sentence in one.get('failures', [])],
            'runs': {series.name: [job_record(job) for job in series.jobs] for series in everything + more}}


def write(report, options, parts):
    """The JSON first: whatever becomes of the plots, the measurements are kept."""
    os.makedirs(options.report, exist_ok=True)
    text = json.dumps(report, indent=1)
    for path in filter(None, [os.path.join(options.report, 'report.json'), options.json]):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text + '\n')
    canvas = plots.Canvas(options.report)
    sections = ''.join(parts[name].section(found, report, canvas) for name, found in report['parts'].items())
    if canvas.trouble:
        print(f'The page has no plots: {canvas.trouble}')
    with open(os.path.join(options.report, 'index.html'), 'w', encoding='utf-8') as file:
        file.write(page.page(report, sections))


def list_parts(options, facts, parts):
    plan = Plan(options.build, facts, machine_facts.forms(options.build), options, quick=False)
    for name, found in planned(parts, plan).items():
        print(f'{name:16s}{parts[name].TITLE}')
        for series in found:
            print(f'    {series.name}')


def main():
    parts = all_parts()
    options = arguments(parts)
    if options.check_usage:
        return 0
    facts = machine_facts.gather(options.build)
    if options.list:
        list_parts(options, facts, parts)
        return 0
    print(facts['tree']['text'] or facts['reason'])
    report = measure(options, facts, parts)
    write(report, options, parts)
    for name, found in report['parts'].items():
        lines = parts[name].summary(found, report)
        if lines:
            print('\n' + '\n'.join(lines))
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
