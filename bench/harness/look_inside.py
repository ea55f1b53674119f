#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A CPU profile or a trace of one kernel, for bench/run --profile and --trace; ends with the command or page that opens it.

    look_inside.py BUILD_FOLDER REPORT_FOLDER [options]      options: --help

perf samples the CPU's clock by software, so that it works without hardware counters, and walks the frame pointers that the
release preset keeps. Where perf is missing or forbidden, gprofng does it without the kernel's help."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys

SAMPLES_HZ = 997     # a prime: in step with nothing that happens a thousand times a second
MOST_PROFILED_S = 10
# Where a thread begins, in the words of glibc and others: a call graph that reaches one of them is whole.
ROOTS = ('start_thread', 'clone', 'clone3', 'thread_start', '_start', '__libc_start_main', '__libc_start_call_main', 'main')


def arguments():
    parser = argparse.ArgumentParser(prog='bench/run', description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('build', help=argparse.SUPPRESS)
    parser.add_argument('report', help=argparse.SUPPRESS)
    parser.add_argument('--check-usage', action='store_true', help=argparse.SUPPRESS)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument('--profile', choices=('perf', 'gprofng'), help='a CPU profile by perf, or by gprofng where perf may not')
    what.add_argument('--trace', action='store_true', help='when each worker ran what, and whom it stole from')
    parser.add_argument('--kernel', default='uts-t1', help='which one; `bench-ramify --list` names them (uts-t1)')
    parser.add_argument('--quick', action='store_true', help='on its smaller input')
    return parser.parse_args()


def kernel_command(options):
    """The kernel on all CPUs, as often as makes a second or more."""
    program = os.path.join(options.build, 'bench', 'bench-ramify')
    known = {k['name']: k for k in json.loads(subprocess.run([program, '--list'], stdout=subprocess.PIPE, check=True).stdout)}
    if options.kernel not in known:
        print(f'bench/run: no kernel {options.kernel}; there are {", ".join(known)}', file=sys.stderr)
        sys.exit(2)
    size = known[options.kernel]['quick' if options.quick else 'full']
    return [program, options.kernel, '--workers', str(len(os.sched_getaffinity(0))), '--size', str(size)]


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
                        *command, '--repeat', '3'])
    if status:
        return 'perf: ' + ' '.join(said)
    script = subprocess.run(['perf', 'script', '-i', path, '-F', 'comm,tid,time,ip,sym'], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, errors='replace', check=False).stdout
    samples, whole = whole_graphs(script)
    print(f'{path}: {samples} samples, {100 * whole / max(samples, 1):.1f} % with a whole call graph\n'
          f'open it with:  perf report -i {path}')
    return None if samples else 'perf took no samples'


def by_gprofng(options, command, path):
    if not shutil.which('gprofng'):
        return 'gprofng is not installed (binutils 2.39 and newer)'
    shutil.rmtree(path, ignore_errors=True)
    status, said = run(['gprofng', 'collect', 'app', '-p', 'on', '-O', path, *command, '--repeat', '3'])
    if status or not os.path.isdir(path):
        return 'gprofng: ' + ' '.join(said)
    shown = subprocess.run(['gprofng', 'display', 'text', '-functions', path], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, errors='replace', check=False).stdout
    total = re.search(r'^\s*([\d.]+)\s.*<Total>', shown, re.MULTILINE)
    seconds = float(total.group(1)) if total else 0.0
    if not seconds:  # 2.40 on some virtual machines
        return 'gprofng took no samples here'
    print(f'{path}: {seconds:.2f} s of CPU time\nopen it with:  gprofng display text -functions {path}')
    return None


def profile(options, command):
    base = os.path.join(options.report, options.kernel)
    trouble = by_perf(options, command, base + '.perf.data') if options.profile == 'perf' else None
    if trouble:
        print(f'{trouble}; trying gprofng')
    if trouble or options.profile == 'gprofng':
        trouble = by_gprofng(options, command, base + '.er')
    if trouble:
        print(f'bench/run: no profile: {trouble}', file=sys.stderr)
    return 1 if trouble else 0


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
