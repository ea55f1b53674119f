# SPDX-License-Identifier: BSD-3-Clause
"""What the report says about the machine: read from the system, or None where it does not tell."""
import glob
import json
import os
import platform
import re
import subprocess

from run_jobs import environment

PEER_FORMS = {
    'libgomp': 'OpenMP by gcc (libgomp)',
    'libomp': 'OpenMP by clang (libomp)',
    'onetbb': 'oneTBB',
}


def first_line(argv):
    """The first line a command prints, None when it cannot be run."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=30,
                              check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.split('\n')[0].strip() or None


def read(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except OSError:
        return None


def cpu_model():
    for key in ('model name', 'Model', 'cpu model'):
        found = re.search(rf'^{key}\s*:\s*(.+)$', read('/proc/cpuinfo') or '', re.MULTILINE)
        if found:
            return found.group(1).strip()
    return platform.machine()


def system_name():
    found = re.search(r'^PRETTY_NAME="?([^"\n]+)', read('/etc/os-release') or '', re.MULTILINE)
    return found.group(1) if found else platform.system()


def memory_gib():
    found = re.search(r'^MemTotal:\s*(\d+) kB', read('/proc/meminfo') or '', re.MULTILINE)
    return round(int(found.group(1)) / 1024 ** 2, 1) if found else None


def onetbb_version():
    for path in glob.glob('/usr/include/*/oneapi/tbb/version.h') + ['/usr/include/oneapi/tbb/version.h',
                                                                   '/usr/local/include/oneapi/tbb/version.h']:
        text = read(path) or ''
        numbers = [re.search(rf'#define TBB_VERSION_{part}\s+(\d+)', text) for part in ('MAJOR', 'MINOR')]
        if all(numbers):
            return '.'.join(n.group(1) for n in numbers)
    return None


def one_cpu_per_core():
    """The CPUs this process may run on, the first thread of each core."""
    allowed, chosen, seen = sorted(os.sched_getaffinity(0)), [], set()
    for cpu in allowed:
        siblings = read(f'/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list') or str(cpu)
        if siblings.strip() not in seen:
            seen.add(siblings.strip())
            chosen.append(cpu)
    return chosen


def tree(command):
    """What `ramify tree` says: its JSON, its SVG, its text; None for each that could not be had."""
    shown = {}
    for form in ('json', 'svg', 'text'):
        try:
            done = subprocess.run([command, 'tree', '--format', form], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True, timeout=30, check=True,
                                  env=environment({}))
            shown[form] = json.loads(done.stdout) if form == 'json' else done.stdout
        except (OSError, ValueError, subprocess.SubprocessError):
            shown[form] = None
    return shown


def leaf_cpus(tree_json):
    """The first CPU of each leaf, in the tree's order: where Ramify binds its workers."""
    leaves = [d for d in (tree_json or {}).get('domains', []) if not d['children']]
    return [int(re.match(r'\d+', leaf['cpus']).group()) for leaf in sorted(leaves, key=lambda d: d['first_leaf'])]


def gather(build):
    """The machine as the report shows it. build: the folder of the release build."""
    command = os.path.join(build, 'bin', 'ramify')
    shown = tree(command)
    cpus = leaf_cpus(shown['json']) or one_cpu_per_core()
    return {
        'cpu': cpu_model(),
        'system': system_name(),
        'kernel': platform.release(),
        'memory_gib': memory_gib(),
        'cpus_allowed': len(os.sched_getaffinity(0)),
        'cpus_used': cpus,
        'workers': len(cpus),
        'reason': (shown['json'] or {}).get('reason') or 'unknown, because `ramify tree` gave no answer',
        'gcc': first_line(['gcc', '--version']),
        'clang': first_line(['clang', '--version']),
        'onetbb': onetbb_version(),
        'ramify': first_line([command, '--version']),
        'tree': shown,
    }


def forms(build):
    """The forms that were built: the names after bench- in the bench folder."""
    found = [os.path.basename(path)[len('bench-'):] for path in glob.glob(os.path.join(build, 'bench', 'bench-*'))]
    return sorted(name for name in found if name not in ('probe',) and '.' not in name)


def missing_peers(built):
    return {name: what for name, what in PEER_FORMS.items() if name not in built}
