#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs every kernel of one form at its tiny size and compares its check with the serial form's.

    check_kernels.py BENCH_FOLDER FORM

Ramify runs what submits tasks under each policy. Exit status 1 when a check differs, 77 when the form is not built."""
import json
import os
import subprocess
import sys

from plan import POLICIES
from run_jobs import environment

WORKERS = ['1', '2', '3']  # one: no one steals; three: more than the cores of a small machine


def outcome(program, kernel, workers, policy, style='forked'):
    argv = [program, kernel['name'], '--workers', workers, '--size', str(kernel['tiny']), '--style', style]
    done = subprocess.run(argv + (['--policy', policy] if policy else []), stdout=subprocess.PIPE, text=True,
                          env=environment({}), check=False)
    if done.returncode:
        return f'exit status {done.returncode}: {" ".join(argv)}'
    return json.loads(done.stdout)['check']


def variants(form, kernel):
    """(workers, policy): the default on every number of workers; each policy once, for what submits tasks."""
    yield from ((workers, '') for workers in WORKERS)
    if form == 'ramify' and (kernel['loops'] or kernel['detached'] or kernel['submits']):
        yield from (('2', policy) for policy in POLICIES)


def main():
    folder, form = sys.argv[1:3]
    program, serial = os.path.join(folder, f'bench-{form}'), os.path.join(folder, 'bench-serial')
    if not os.path.exists(program):
        print(f'{program} is not built')
        return 77
    kernels = json.loads(subprocess.run([serial, '--list'], stdout=subprocess.PIPE, text=True, check=True).stdout)
    runs = failures = 0
    for kernel in kernels:
        if form.endswith('-loops') and not kernel['loops']:
            continue
        expected = outcome(serial, kernel, '1', '')
        for workers, policy in variants(form, kernel):
            for style in ['forked'] + ['detached'] * kernel['detached'] + ['phased'] * kernel['ordered']:
                runs += 1
                found = outcome(program, kernel, workers, policy, style)
                if found != expected:
                    failures += 1
                    print(f'{kernel["name"]} size {kernel["tiny"]} workers {workers} {policy} {style}: {found}, not {expected}')
    print(f'{form}: {runs} runs, {failures} failures')
    return 1 if failures or not runs else 0


if __name__ == '__main__':
    sys.exit(main())
