#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads Ramify's software-defined events with PAPI's own tools and with a program that only knows PAPI.

    check_sde.py SDE_DEMO LIBRARY RAMIFY_COMMAND"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
TASKS = 2 * 5000


def output(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


def counters(command):
    """The names of metrics that only grow, as `ramify help metrics` lists them."""
    names = re.findall(r'^  (\w+) +\S+ +counter ', output(command, 'help', 'metrics'), re.MULTILINE)
    return {n for n in names if n != 'interval_ns' and not n.startswith('region_')}


def check_list(library, wanted):
    tool = shutil.which('papi_native_avail')
    if not tool:
        print('papi_native_avail is not installed: the list was not checked')
        return
    with open(library, 'rb') as file:
        if re.search(rb'__[atu]b?san_', file.read()):
            print('the tool cannot load a library with a sanitizer: the list was not checked')
            return
    listed = set(re.findall(r'sde:::ramify::(\w+)', output(tool, '-sde', library)))
    assert listed == wanted | {'queued_tasks'}, (listed - wanted, wanted - listed)
    print(f'papi_native_avail lists {len(listed)} events')


def show_values(folder):
    """PAPI's own tool makes a table of what PAPI wrote: the one of its tools that shows values of a program's events."""
    tool = shutil.which('papi_hl_output_writer')
    if not tool:
        print('papi_hl_output_writer is not installed: the table was not checked')
        return
    shown = subprocess.run([tool, f'--source={folder}'], cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout
    assert abs(int(json.loads(shown)['demo']['sde:::ramify::tasks']) - TASKS // 2) <= 4, shown
    print('papi_hl_output_writer shows the values')


def check_high_level(demo):
    """PAPI_EVENTS names the events; PAPI writes what each region of the program took into a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, PAPI_EVENTS='sde:::ramify::tasks,sde:::ramify::busy_ns',
                           PAPI_OUTPUT_DIRECTORY=folder)
        subprocess.run([demo, 'high-level'], env=environment, check=True, timeout=60)
        path, = glob.glob(f'{folder}/papi*/*.json')
        show_values(os.path.dirname(path))
        with open(path, encoding='utf-8') as file:
            region = json.load(file)['threads']['0']['regions']['0']
    assert region['name'] == 'demo' and int(region['sde:::ramify::busy_ns']) > 0, region
    assert abs(int(region['sde:::ramify::tasks']) - TASKS // 2) <= 4, region
    print(f'PAPI_EVENTS: {region["sde:::ramify::tasks"]} tasks in a region of PAPI')


def main():
    demo, library, command = sys.argv[1:4]
    wanted = counters(command)
    assert len(wanted) > 10, wanted
    if library.endswith('.so') or '.so.' in library:
        check_list(library, wanted)
    names = [f'sde:::ramify::{n}' for n in sorted(wanted | {'queued_tasks'})]
    values = dict(re.findall(r'^sde:::ramify::(\w+) (-?\d+)$', output(demo, *names), re.MULTILINE))
    assert len(values) == len(names), values
    values = {name: int(value) for name, value in values.items()}
    assert abs(values['tasks'] - TASKS) <= 4, values  # a worker counts a task when it has run, a moment after the wait
    assert values['queued_tasks'] <= 4, values
    assert all(value >= 0 for value in values.values()), values
    assert values['busy_ns'] > 0 and values['tasks_at_home'] > 0, values
    check_high_level(demo)
    print(f'a PAPI program reads {len(values)} events, tasks: {values["tasks"]}')


if __name__ == '__main__':
    sys.exit(main())
