#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A CPU profile or a trace of one kernel, for bench/run --profile and --trace; ends with the command or page that opens it.

    look_inside.py BUILD_FOLDER REPORT_FOLDER [options]      options: --help

perf samples the CPU's clock by software, so that it works without hardware counters, and walks the frame pointers that the
release preset keeps. Where perf is missing or forbidden, gprofng samples without the kernel's help; where that does not see
the threads (binutils 2.40 knows pthread_create by its name of glibc 2.2.5 only, programs since glibc 2.34 call another),
valgrind's callgrind counts instructions. What was taken, and why nothing better, is said."""
import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time

SAMPLES_HZ = 997    # a prime: in step with nothing that happens a thousand times a second
PROFILED_S = 2      # of the kernel itself, so that starting the program is a small part of the samples
QUICK_S = 0.5
MOST_PROFILED_S = 20
# Where a thread begins, in the words of glibc and others: a call graph that reaches one of them is whole.
ROOTS = ('start_thread', 'clone', 'clone3', 'thread_start', '_start', '__libc_start_main', '__libc_start_call_main', 'main')


def arguments():
    parser = argparse.ArgumentParser(prog='bench/run', description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('build', help=argparse.SUPPRESS)
    parser.add_argument('report', help=argparse.SUPPRESS)
    parser.add_argument('--check-usage', action='store_true', help=argparse.SUPPRESS)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument('--profile', choices=('perf', 'gprofng', 'callgrind'),
                      help='a CPU profile; where perf may not: by gprofng, else instruction counts by callgrind')
    what.add_argument('--trace', action='store_true', help='when each worker ran what, and whom it stole from')
    parser.add_argument('--kernel', default='uts-t1', help='which one; `bench-ramify --list` names them (uts-t1)')
    parser.add_argument('--quick', action='store_true', help='on its smaller input')
    return parser.parse_args()


def kernel_command(options):
    """The kernel on all CPUs."""
    program = os.path.join(options.build, 'bench', 'bench-ramify')
    known = {k['name']: k for k in json.loads(subprocess.run([program, '--list'], stdout=subprocess.PIPE, check=True).stdout)}
    if options.kernel not in known:
        print(f'bench/run: no kernel {options.kernel}; there are {", ".join(known)}', file=sys.stderr)
        sys.exit(2)
    size = known[options.kernel]['quick' if options.quick else 'full']
    return [program, options.kernel, '--workers', str(len(os.sched_getaffinity(0))), '--size', str(size)]


def often_enough(options, command):
    """The command, repeated until the kernel has run for PROFILED_S (QUICK_S), or the whole for MOST_PROFILED_S."""
    wanted_s = QUICK_S if options.quick else PROFILED_S
    began = time.monotonic()
    once = subprocess.run(command + ['--repeat', '1'], stdout=subprocess.PIPE, check=True).stdout
    whole_s, kernel_s = time.monotonic() - began, max(json.loads(once)['seconds'], 1e-4)
    return command + ['--repeat', str(max(3, int(min(wanted_s / kernel_s, MOST_PROFILED_S / whole_s))))]


def run(command, **more):
    """Its exit status and the end of what it said."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', check=False,
                          **more)
    return done.returncode, done.stdout.strip().splitlines()[-3:]


def whole_graphs(script):
    """Samples in the text of `perf script`, and those whose call graph reaches the thread's beginning."""
    samples = [block for block in script.split('\n\n') if '\n' in block.strip()]
    whole = sum(any(re.search(rf'\s{re.escape(root)}(\+0x[0-9a-f]+)?( |$)', line) for root in ROOTS)
                for block in samples for line in [block.strip().splitlines()[-1]])
    return len(samples), whole


def by_perf(options, command, path):
    if not shutil.which('perf'):
        return 'perf is not installed'
    status, said = run(['perf', 'record', '-q', '-e', 'cpu-clock', '-F', str(SAMPLES_HZ), '--call-graph', 'fp', '-o', path,
                        *often_enough(options, command)])
    if status:
        return 'perf: ' + ' '.join(said)
    script = subprocess.run(['perf', 'script', '-i', path, '-F', 'comm,tid,time,ip,sym'], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, errors='replace', check=False).stdout
    samples, whole = whole_graphs(script)
    print(f'{path}: {samples} samples, {100 * whole / max(samples, 1):.1f} % with a whole call graph\n'
          f'open it with:  perf report -i {path}')
    return None if samples else 'perf took no samples'


def cpu_seconds():
    """Of the programs that have been run and have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def by_gprofng(options, command, path):
    if not shutil.which('gprofng'):
        return 'gprofng is not installed (binutils 2.39 and newer)'
    shutil.rmtree(path, ignore_errors=True)
    command = often_enough(options, command)
    before_s = cpu_seconds()
    status, said = run(['gprofng', 'collect', 'app', '-p', 'on', '-O', path, *command])
    spent_s = cpu_seconds() - before_s
    if status or not os.path.isdir(path):
        return 'gprofng: ' + ' '.join(said)
    shown = subprocess.run(['gprofng', 'display', 'text', '-functions', path], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, errors='replace', check=False).stdout
    total = re.search(r'^\s*([\d.]+)\s.*<Total>', shown, re.MULTILINE)
    seconds = float(total.group(1)) if total else 0.0
    if seconds < spent_s / 2:
        return f'gprofng sampled {seconds:.2f} of {spent_s:.2f} s of CPU time: it does not see the threads'
    print(f'{path}: {seconds:.2f} s of CPU time\nopen it with:  gprofng display text -functions {path}')
    return None


def by_callgrind(options, command, path):
    if not shutil.which('valgrind'):
        return 'valgrind is not installed'
    status, said = run(['valgrind', '-q', '--tool=callgrind', '--fair-sched=try', f'--callgrind-out-file={path}', *command,
                        '--repeat', '1'])
    if status or not os.path.exists(path):
        return 'valgrind: ' + ' '.join(said)
    with open(path, encoding='utf-8', errors='replace') as file:
        total = re.search(r'^(?:summary|totals): (\d+)', file.read(), re.MULTILINE)
    print(f'{path}: {int(total.group(1)) if total else 0:,} instructions, counted and not timed, the threads in turns\n'
          f'open it with:  callgrind_annotate {path} | less, or kcachegrind {path}')
    return None if total else 'callgrind counted nothing'


WAYS = {'perf': (by_perf, '.perf.data'), 'gprofng': (by_gprofng, '.er'), 'callgrind': (by_callgrind, '.callgrind')}


def profile(options, command):
    """By the way that was asked for, else by those after it."""
    names = list(WAYS)
    names = names[names.index(options.profile):]
    for name in names:
        way, ending = WAYS[name]
        trouble = way(options, command, os.path.join(options.report, options.kernel) + ending)
        if not trouble:
            return 0
        print(trouble + (f'; trying {names[names.index(name) + 1]}' if name != names[-1] else ''))
    print(f'bench/run: no profile: {trouble}', file=sys.stderr)
    return 1


def trace(options, command):
    path = os.path.join(options.report, f'{options.kernel}.trace.json')
    if os.path.exists(path):
        os.remove(path)
    status, said = run(command + ['--repeat', '1'], env={**os.environ, 'RAMIFY_TRACE': os.path.abspath(path)})
    if status or not os.path.exists(path):
        print(f'bench/run: no trace: {" ".join(said)}', file=sys.stderr)
        return 1
    print(f'{path}: {os.path.getsize(path) / 1e6:.1f} MB\n'
          'open it at:    https://ui.perfetto.dev (Open trace file; it stays on this machine), or chrome://tracing')
    status, said = run([os.path.join(options.build, 'bin', 'ramify'), 'report', path])
    print(f'its plots:     {said[-1]}' if status == 0 else f'no plots: {" ".join(said)}')
    return 0


def main():
    options = arguments()
    if options.check_usage:
        return 0
    os.makedirs(options.report, exist_ok=True)
    command = kernel_command(options)
    return trace(options, command) if options.trace else profile(options, command)


if __name__ == '__main__':
    sys.exit(main())
