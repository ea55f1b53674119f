#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads the traces that trace_demo leaves as their viewers do, and takes files away from it that it wants to write.

    check_trace.py TRACE_DEMO with-otf2|without-otf2"""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

REQUIRED = {'B': {'name', 'ts'}, 'E': {'ts'}, 'X': {'name', 'ts', 'dur'}, 's': {'id', 'ts', 'name', 'cat'},
            'f': {'id', 'ts', 'name', 'cat'}, 'C': {'name', 'ts', 'args'}, 'i': {'name', 'ts', 's'},
            'M': {'name', 'args'}}


def demo(program, *arguments, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith('RAMIFY_')}
    environment.update(variables)
    return subprocess.run([program, *arguments], env=environment, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=60)


def read(path):
    with open(path, encoding='utf-8') as file:
        return json.load(file)


def check_json(trace):
    """The rules of the format; returns how often each slice's name and each phase occurs."""
    names, phases, open_slices = collections.Counter(), collections.Counter(), collections.defaultdict(list)
    last, flows, lanes, order = collections.defaultdict(float), collections.defaultdict(list), {}, {}
    for event in trace['traceEvents']:
        phase, lane = event['ph'], event['tid']
        assert REQUIRED[phase] <= event.keys() and isinstance(event['pid'], int), event
        phases[phase] += 1
        if phase in 'BEX':
            assert event['ts'] >= last[lane] or phase == 'X', f'{event} is before {last[lane]}'
            last[lane] = max(last[lane], event['ts'])
        if phase == 'B':
            open_slices[lane].append(event['name'])
            names[event['name']] += 1
        elif phase == 'E':
            assert open_slices[lane], f'{event} ends nothing'
            open_slices[lane].pop()
        elif phase in 'sf':
            flows[event['id']].append(event)
        elif phase == 'M':
            (lanes if event['name'] == 'thread_name' else order)[lane] = event['args']
    assert not any(open_slices.values()), open_slices
    for pair in flows.values():
        assert [e['ph'] for e in pair] == ['s', 'f'] and pair[0]['ts'] <= pair[1]['ts'], pair
        assert pair[0]['tid'] != pair[1]['tid'], pair
    workers = [lane for lane in lanes if 'worker' in lanes[lane]['name']]
    assert sorted(workers) == sorted(workers, key=lambda lane: order[lane]['sort_index'])
    assert all(lane in lanes for lane in last), 'a lane has no name'
    return names, phases


def check_everything_is_there(program, folder):
    """With the defaults nothing is lost, and what the demo did stands there by the names of its static functions."""
    ran = demo(program, 'run', RAMIFY_TRACE=f'{folder}/a-%p-%%.json')
    assert ran.returncode == 0, ran
    name, = [n for n in os.listdir(folder) if re.fullmatch(r'a-\d+-%\.json', n)]
    trace = read(os.path.join(folder, name))
    assert trace['otherData']['lost'] == 0 and trace['otherData']['plan'] == 'work-stealing', trace['otherData']
    assert trace['metrics']['metrics'], 'no metrics'
    names, phases = check_json(trace)
    assert names['demo_parent'] == 4 and names['demo_leaf'] == 64, names
    assert names['demo_fork'] > 0 and names['search'] > 0 and names['sleep'] > 0, names
    assert names['demo leaf'] == 64 and names['demo work'] == 1, names
    lanes = {e['args']['name']: e['tid'] for e in trace['traceEvents'] if e['ph'] == 'M' and e['name'] == 'thread_name'}
    assert len(lanes) == 4 and all(e['tid'] == lanes['thread 0 from outside'] for e in trace['traceEvents']
                                   if e['ph'] == 'B' and e['name'] == 'demo work'), lanes
    assert phases['s'] > 0 and phases['C'] > 1, phases
    assert 'trace written to' in ran.stderr, ran.stderr
    return len(trace['traceEvents'])


def check_counters(program, folder):
    """What is counted grows on tracks of its own; where nobody counts here there are none."""
    path = f'{folder}/counted.json'
    ran = demo(program, 'run', RAMIFY_TRACE=path, RAMIFY_COUNTERS='task_clock_ns,cycles')
    assert ran.returncode == 0, ran
    trace = read(path)
    check_json(trace)
    known = {m['name'] for m in trace['metrics']['metrics'] if m['scope'] == 'runtime' and m['source'] in ('papi', 'perf')}
    for name in ('task_clock_ns', 'cycles'):
        rates = [e['args']['per second'] for e in trace['traceEvents'] if e['ph'] == 'C' and e['name'] == name]
        assert bool(rates) == (name in known), (name, known, rates)
        assert not rates or max(rates) > 0, rates


def check_newest_win(program, folder):
    """Rings of 256 events keep the newest and say what is lost; a begin without its end and an end without its begin are
    mended."""
    path = f'{folder}/small.json'
    ran = demo(program, 'api', path)
    assert ran.returncode == 0, ran
    events, lost = map(int, re.findall(r'\d+', ran.stdout))
    trace = read(path)
    check_json(trace)
    assert 0 < lost < events and trace['otherData']['lost'] > 0, ran.stdout
    told = sum(e['args']['lost'] for e in trace['traceEvents'] if e.get('cat') == 'loss')
    assert told == trace['otherData']['lost'], told
    first = min(e['ts'] for e in trace['traceEvents'] if e.get('cat') == 'loss')
    assert first > 0, 'the oldest events are there, the newest are not'


def check_troubles(program, folder):
    """A trace that cannot be written is lost, the program ends well, and the log says why."""
    os.mkdir(f'{folder}/folder')
    os.mkfifo(f'{folder}/pipe')
    for path, why in (('/dev/full', 'No space left'), ('/no/such/folder/x.json', 'No such file'),
                      (f'{folder}/folder', 'folder'), (f'{folder}/pipe', 'nobody reads'), (f'{folder}/%x', 'after %')):
        ran = demo(program, 'run', RAMIFY_TRACE=path)
        assert ran.returncode == 0 and 'the trace is lost' in ran.stderr and why in ran.stderr, (path, ran)
    assert os.path.exists('/dev/full')
    with subprocess.Popen(['head', '-c', '10', f'{folder}/pipe'], stdout=subprocess.DEVNULL) as reader:
        ran = demo(program, 'run', RAMIFY_TRACE=f'{folder}/pipe')
        reader.kill()
    assert ran.returncode == 0 and ('the trace is lost' in ran.stderr or 'trace written' in ran.stderr), ran
    limited = subprocess.run(['bash', '-c', f'ulimit -f 4; RAMIFY_TRACE={folder}/limited.json exec {program} run'],
                             text=True, stderr=subprocess.PIPE, check=False, timeout=60)
    assert limited.returncode == 0 and 'File too large' in limited.stderr, limited
    assert not os.path.exists(f'{folder}/limited.json'), 'half a trace was left'


def await_file(path, is_there):
    for _ in range(200):
        if os.path.exists(path) == is_there:
            return
        time.sleep(0.05)
    raise AssertionError(f'{path} {"did not come" if is_there else "stayed"}')


def await_line(log, words):
    """Reads lines of a log until the one with the words; without hwloc there are others."""
    for line in log:
        if words in line:
            return
    raise AssertionError(f'{words}: not in the log')


def check_trigger(program, folder):
    """The trace is recorded while the flag is there, as often as it comes."""
    flag, path = f'{folder}/flag', f'{folder}/while.json'
    environment = dict(os.environ, RAMIFY_TRACE=path, RAMIFY_TRACE_WHILE=flag)
    with subprocess.Popen([program, 'loop'], env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as running:
        for _ in range(2):
            assert not os.path.exists(path)
            with open(flag, 'w', encoding='utf-8'):
                pass
            await_line(running.stderr, 'recording')
            time.sleep(0.1)
            os.remove(flag)
            await_line(running.stderr, 'trace written')
            names, _ = check_json(read(path))
            assert names['demo_leaf'] > 0, names
            os.remove(path)
        running.stdin.close()
        assert running.wait(timeout=60) == 0
    assert not os.path.exists(path)


def check_one_name(program, folder):
    """Runs one after the other write over each other's file, those that run at once do not: by a flag both end at once."""
    own = f'{folder}/one-name'
    os.mkdir(own)
    path, flag = f'{own}/x.json', f'{folder}/start-both'
    for _ in range(2):
        assert demo(program, 'run', RAMIFY_TRACE=path).returncode == 0
    assert os.listdir(own) == ['x.json'], os.listdir(own)
    environment = dict(os.environ, RAMIFY_TRACE=path, RAMIFY_TRACE_WHILE=flag)
    with open(flag, 'w', encoding='utf-8'):
        pass
    both = [subprocess.Popen([program, 'loop'], env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
    for running in both:
        await_line(running.stderr, 'recording')
    os.remove(flag)
    for running in both:
        await_line(running.stderr, 'trace written')
        running.stdin.close()
        assert running.wait(timeout=60) == 0
        running.stderr.close()
    names = sorted(os.listdir(own))
    assert len(names) == 2 and names[1] == 'x.json' and names[0] in [f'x.{p.pid}.json' for p in both], names
    for name in names:
        check_json(read(f'{own}/{name}'))


def check_plans(program, folder):
    """Each change of the policy is an event that says what it became; only the texts of the oldest are gone. The log and
    the metrics tell of it, too."""
    path = f'{folder}/plans.json'
    ran = demo(program, 'plans', RAMIFY_TRACE=path)
    assert ran.returncode == 0 and ran.stdout == '72 changes\n', ran
    assert 'log 2: policy: "round-robin" is in force, no longer "work-stealing"' in ran.stderr, ran.stderr
    trace = read(path)
    check_json(trace)
    assert trace['otherData']['plan'] == 'random', trace['otherData']
    seen = [e for e in trace['traceEvents'] if e.get('cat') == 'plan']
    assert all(e['ph'] == 'i' and e['s'] == 'p' and e['name'] == f'plan: {e["args"]["policy"]}' for e in seen), seen
    assert sorted(e['args']['change'] for e in seen) == list(range(73)), seen
    told = {e['args']['change']: e['args']['policy'] for e in seen}
    assert told[72] == 'random' and told[71] == 'affinity(64)' and 'not kept' in told[2], told
    path = f'{folder}/plans.paje'
    ran = demo(program, 'plans', RAMIFY_TRACE=path)
    assert ran.returncode == 0, ran
    with open(path, encoding='utf-8') as file:
        marks = re.findall(r'^12 \S+ N p "(.*)"$', file.read(), re.MULTILINE)
    assert len(marks) == 73 and marks[-1] == 'random', marks
    return len(seen)


def check_paje(program, folder):
    """Times go forward, states are pushed and popped in balance, links have two ends."""
    path = f'{folder}/a.paje'
    ran = demo(program, 'run', RAMIFY_TRACE=path)
    assert ran.returncode == 0, ran
    depth, links, now, definitions, popped = collections.Counter(), collections.Counter(), 0.0, {}, 0
    with open(path, encoding='utf-8') as file:
        for line in file:
            if line.startswith('%EventDef'):
                _, name, number = line.split()
                definitions[number] = name
            if line.startswith('%'):
                continue
            words = line.split()
            kind = definitions[words[0]]
            if kind.startswith('PajeDefine'):
                continue
            assert float(words[1]) >= now, line
            now = float(words[1])
            if kind == 'PajePushState':
                depth[words[3]] += 1
            elif kind == 'PajePopState':
                depth[words[3]] -= 1
                popped += 1
                assert depth[words[3]] >= 0, line
            elif kind in ('PajeStartLink', 'PajeEndLink'):
                links[words[-1]] += 1
    assert popped > 0 and not any(depth.values()), depth
    assert links and set(links.values()) == {2}, links


def check_otf2(program, folder, with_otf2):
    path = f'{folder}/a.otf2'
    ran = demo(program, 'run', RAMIFY_TRACE=path)
    assert ran.returncode == 0, ran
    if not with_otf2:
        assert 'RAMIFY_OTF2' in ran.stderr and not os.path.exists(path), ran
        return 'OTF2 is not built in'
    if not shutil.which('otf2-print'):
        return 'otf2-print is not there'
    printed = subprocess.run(['otf2-print', f'{path}/ramify.otf2'], text=True, stdout=subprocess.PIPE, check=True).stdout
    kinds = collections.Counter(re.findall(r'^(ENTER|LEAVE|METRIC) ', printed, re.MULTILINE))
    assert kinds['ENTER'] == kinds['LEAVE'] > 0 and kinds['METRIC'] > 0 and '"demo_leaf"' in printed, kinds
    ran = demo(program, 'run', RAMIFY_TRACE=path)
    changed = f'{folder}/plans.otf2'
    assert demo(program, 'plans', RAMIFY_TRACE=changed).returncode == 0
    printed = subprocess.run(['otf2-print', '-G', f'{changed}/ramify.otf2'], text=True, stdout=subprocess.PIPE, check=True).stdout
    assert all(f'"plan: {text}"' in printed for text in ('random', 'affinity(64)')), printed
    beside = [name for name in os.listdir(folder) if re.fullmatch(r'a\.\d+\.otf2', name)]
    assert ran.returncode == 0 and len(beside) == 1 and beside[0] in ran.stderr, (ran, beside)
    return f'{kinds["ENTER"]} regions in OTF2'


def main():
    program, otf2 = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        count = check_everything_is_there(program, folder)
        check_counters(program, folder)
        check_newest_win(program, folder)
        check_troubles(program, folder)
        check_trigger(program, folder)
        check_one_name(program, folder)
        check_paje(program, folder)
        check_plans(program, folder)
        print(f'{count} events of Chrome; {check_otf2(program, folder, otf2 == "with-otf2")}')


if __name__ == '__main__':
    main()
