#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows `ramify doctor` machines that hurt, as folders with files of /proc and /sys, and machines that do not.

    check_doctor.py RAMIFY"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

# A machine of four cores with two hardware threads each, two NUMA nodes, on which nothing hurts.
GOOD = {
    '/proc/self/status': 'Name:\tsh\nCpus_allowed_list:\t0-7\n',
    '/proc/self/cgroup': '0::/\n',
    '/proc/loadavg': '0.50 0.40 0.30 1/100 1234\n',
    '/proc/uptime': '1000.00 2000.00\n',
    '/proc/stat': 'cpu  1000 0 100 50000 10 0 0 1 0 0\n',
    '/proc/meminfo': 'MemTotal: 16000000 kB\nHugePages_Free: 0\nHugepagesize: 2048 kB\n',
    '/proc/sys/kernel/numa_balancing': '0\n',
    '/proc/sys/kernel/perf_event_paranoid': '1\n',
    '/sys/devices/system/cpu/online': '0-7\n',
    '/sys/devices/system/node/has_memory': '0-1\n',
    '/sys/kernel/mm/transparent_hugepage/enabled': 'always [madvise] never\n',
    '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'tsc\n',
    **{f'/sys/devices/system/cpu/cpu{c}/topology/thread_siblings_list': f'{c % 4},{c % 4 + 4}\n' for c in range(8)},
    **{f'/sys/devices/system/cpu/cpu{c}/cpufreq/scaling_governor': 'performance\n' for c in range(8)},
}


def rival(pid, cpus, state, kernel=False):
    memory = '' if kernel else 'VmSize:\t1000 kB\n'
    return {f'/proc/{pid}/comm': 'other\n',
            f'/proc/{pid}/task/{pid}/status': f'Name:\tother\nState:\t{state} (x)\n{memory}Cpus_allowed_list:\t{cpus}\n'}


# id, severity, files that differ (None: not there), variables, words that must be said
CASES = [
    ('cpuset', 'note', {'/proc/self/status': 'Cpus_allowed_list:\t0,4\n'}, {}, '2 of 8 CPUs'),
    ('openmp-threads', 'problem', {}, {'OMP_NUM_THREADS': '16,2', 'OMP_PLACES': 'cores'},
     'OMP_NUM_THREADS=16'),
    ('openmp-threads', 'note', {}, {'OMP_NUM_THREADS': '8', 'OMP_PROC_BIND': 'true'}, '4 cores'),
    ('openmp-threads', 'problem', {'/proc/self/status': 'Cpus_allowed_list:\t0-1\n'},
     {'OMP_NUM_THREADS': '3', 'OMP_PROC_BIND': 'close'}, 'only 2 CPUs'),
    ('openmp-binding', 'warning', {}, {'OMP_NUM_THREADS': '4'}, '2 nodes'),
    ('ramify-workers', 'problem', {}, {'RAMIFY_WORKERS': '9'}, 'RAMIFY_WORKERS=9'),
    ('shared-cores', 'warning', {'/proc/self/status': 'Cpus_allowed_list:\t0-3\n'}, {}, '4 only in part'),
    ('quota', 'warning', {'/proc/self/cgroup': '0::/a/b\n', '/sys/fs/cgroup/a/cpu.max': '150000 100000\n',
                          '/sys/fs/cgroup/a/b/cpu.max': 'max 100000\n'}, {}, '1.50 CPUs'),
    ('quota', 'problem', {'/sys/fs/cgroup/cpu.max': '400000 100000\n',
                          '/sys/fs/cgroup/cpu.stat': 'nr_periods 9\nnr_throttled 7\n'}, {}, 'stopped 7 times'),
    ('quota', 'warning', {'/proc/self/cgroup': '4:cpu,cpuacct:/\n', '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000\n',
                          '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n'}, {}, '2.00 CPUs'),
    ('quota', 'warning', {'/proc/self/cgroup': '4:cpuacct:/x\n3:cpuset,cpu:/a/b\n0::/\n',
                          '/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '250000\n',
                          '/sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000\n',
                          '/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us': '-1\n'}, {}, '2.50 CPUs'),
    ('mpi-binding', 'problem', {}, {'OMPI_COMM_WORLD_LOCAL_SIZE': '4'}, '4 MPI ranks'),
    ('mpi-binding', 'problem', {}, {'MPI_LOCALNRANKS': '2'}, 'MPI_LOCALNRANKS'),
    ('mpi-binding', 'problem', {}, {'SLURM_TASKS_PER_NODE': '8(x2)'}, '8 MPI ranks'),
    ('binding-conflict', 'problem', rival(77, '2-3', 'R'), {}, 'process 77 (other) has 1 busy thread bound to CPUs 2-3'),
    ('load', 'warning', {'/proc/loadavg': '30.00 1 1 1/1 1\n'}, {}, '30.0 threads'),
    ('numa-balancing', 'warning', {'/proc/sys/kernel/numa_balancing': '1\n'}, {}, 'NUMA balancing is on'),
    ('frequency-governor', 'warning', {'/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor': 'powersave\n'}, {},
     '1 of 8 CPUs is "powersave"'),
    ('frequency-governor', 'unknown', {f'/sys/devices/system/cpu/cpu{c}/cpufreq/scaling_governor': None
                                       for c in range(8)}, {}, 'cpufreq'),
    ('counters', 'warning', {'/proc/sys/kernel/perf_event_paranoid': '4\n'}, {}, 'perf_event_paranoid is 4'),
    ('counters', 'unknown', {'/proc/sys/kernel/perf_event_paranoid': None}, {}, 'no perf events'),
    ('huge-pages', 'warning', {'/sys/kernel/mm/transparent_hugepage/enabled': 'always madvise [never]\n'}, {}, 'off'),
    ('reserved-huge-pages', 'warning', {'/proc/meminfo':
     'MemTotal: 16000000 kB\nHugePages_Free: 4000\nHugepagesize: 2048 kB\n'}, {}, '4000 huge pages'),
    ('clock', 'warning', {'/sys/devices/system/clocksource/clocksource0/current_clocksource': 'hpet\n'}, {}, 'hpet'),
    ('stolen-time', 'warning', {'/proc/stat': 'cpu  1000 0 100 50000 10 0 0 100 0 0\n'}, {}, '8.3 %'),
]

# What looks like trouble and is none.
HARMLESS = [
    (rival(78, '0-7', 'R'), {}),                # may go anywhere
    (rival(79, '1', 'R', kernel=True), {}),     # the kernel's own
    (rival(80, '1', 'S'), {}),                  # sleeps, and has no record of work
    ({'/proc/sys/kernel/numa_balancing': '1\n', '/sys/devices/system/node/has_memory': '0\n'}, {}),
    ({}, {'OMPI_COMM_WORLD_LOCAL_SIZE': '1'}),
    ({}, {'OMP_NUM_THREADS': '4', 'OMP_PLACES': 'cores'}),
    ({'/sys/fs/cgroup/cpu.max': '800000 100000\n'}, {}),
    ({f'/sys/devices/system/cpu/cpu{c}/cpufreq/{k}': v for c in range(8)
      for k, v in (('scaling_governor', 'powersave\n'), ('scaling_driver', 'intel_pstate\n'))}, {}),
]


def machine(folder, changes):
    root = tempfile.mkdtemp(dir=folder)
    for path, text in {**GOOD, **changes}.items():
        if text is not None:
            os.makedirs(os.path.dirname(root + path), exist_ok=True)
            with open(root + path, 'w', encoding='utf-8') as file:
                file.write(text)
    return root


def doctor(program, *arguments, **variables):
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(('RAMIFY_', 'OMP', 'GOMP_', 'MPI_', 'PMI', 'SLURM_'))}
    return subprocess.run([program, 'doctor', *arguments], env={**kept, **variables}, text=True, check=False, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def examine(program, folder, changes, variables):
    ran = doctor(program, '--json', '--root', machine(folder, changes), **variables)
    assert ran.stderr == '', ran
    said = json.loads(ran.stdout)
    for one in said['findings']:
        assert one['severity'] in ('fine', 'unknown', 'note', 'warning', 'problem'), one
        assert one['what'] or one['severity'] == 'fine', one
        assert (one['why'] and one['do']) or one['severity'] in ('fine', 'unknown'), one
    return ran.returncode, said


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        status, said = examine(program, folder, {}, {})
        assert status == 0 and said['worst'] == 'fine', said
        for name, severity, changes, variables, words in CASES:
            status, said = examine(program, folder, changes, variables)
            found = [f for f in said['findings'] if f['id'] == name]
            assert any(f['severity'] == severity and words in f['what'] for f in found), (name, found)
            others = [f for f in said['findings'] if f['id'] != name and f['severity'] not in ('fine', 'note')]
            assert not [f for f in others if (f['id'], name) != ('shared-cores', 'openmp-threads')], (name, others)
            assert status == {'problem': 4, 'warning': 3}.get(said['worst'], 0), (name, status)
        for changes, variables in HARMLESS:
            status, said = examine(program, folder, changes, variables)
            assert status == 0 and said['worst'] == 'fine', (changes, said)
        counters = next(f for f in json.loads(doctor(program, '--json').stdout)['findings'] if f['id'] == 'counters')
        assert re.search('papi|perf|no counters|not built', counters['what']), counters
        empty = tempfile.mkdtemp(dir=folder)
        ran = doctor(program, '--root', empty)
        assert ran.returncode == 0 and 'unknown' in ran.stdout and ran.stderr == '', ran
    other_process(program)
    print(f'{len(CASES)} ailments, {len(HARMLESS)} that are none')


def await_name(pid, name):
    """Until the new process runs what it is to run."""
    for _ in range(500):
        with open(f'/proc/{pid}/comm', encoding='utf-8') as file:
            if file.read().strip() == name:
                return
        time.sleep(0.02)


def other_process(program):
    """A program that runs, bound to a CPU of ours, and whose environment asks for too much."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        return
    with subprocess.Popen(['bash', '-c', 'while :; do :; done'], env={**os.environ, 'OMP_NUM_THREADS': '5000'}) as busy:
        try:
            os.sched_setaffinity(busy.pid, cpus[:1])
            await_name(busy.pid, 'bash')
            said = doctor(program)
            assert said.returncode == 4 and f'process {busy.pid} (bash)' in said.stdout, said
            said = doctor(program, '--pid', str(busy.pid))
            assert said.returncode == 4 and 'OMP_NUM_THREADS=5000, but only 1 CPU ' in said.stdout, said
            assert f'process {busy.pid} ' not in said.stdout, said
        finally:
            busy.kill()
    gone = doctor(program, '--pid', str(busy.pid))
    assert gone.returncode == 1 and 'cannot be read' in gone.stderr, gone


if __name__ == '__main__':
    main()
