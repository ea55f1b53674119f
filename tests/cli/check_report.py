#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes pages of a trace and of metrics, and reads them as a browser would: tags in balance, plots there, nothing loaded
from elsewhere. Then gives the command what is no trace.

    check_report.py RAMIFY TRACE_DEMO EXPORT_DEMO with-jansson|without-jansson"""
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile


class Page(html.parser.HTMLParser):
    """Counts tags, keeps the text, and sees to it that they are in balance."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            assert name not in ('src', 'href'), f'{tag} loads {value}'
        if tag != 'meta':
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.words.append(data)


def report(program, *arguments):
    return subprocess.run([program, 'report', *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, timeout=60)


def clean_environment(**more):
    return {**{k: v for k, v in os.environ.items() if not k.startswith('RAMIFY_')}, **more}


def page_of(program, path):
    made = report(program, path, '--output', '-')
    assert made.returncode == 0 and made.stderr == '', made
    return Page(made.stdout)


def check_trace_page(program, demo, folder):
    path = f'{folder}/a.json'
    subprocess.run([demo, 'run'], env=clean_environment(RAMIFY_TRACE=path), check=True, stderr=subprocess.DEVNULL)
    made = report(program, path)
    assert made.returncode == 0 and made.stdout == f'{folder}/a.html\n', made
    with open(f'{folder}/a.html', encoding='utf-8') as file:
        page = Page(file.read())
    text = ' '.join(page.words)
    assert page.tags.count('svg') == 4, page.tags.count('svg')
    for word in ('Timeline', 'Utilisation over time', 'Longest times without work', 'demo_leaf', 'Steals', 'thief',
                 'From submission to start', 'sleeps', 'work-stealing'):
        assert word in text, word
    with open(path, encoding='utf-8') as file:
        trace = json.load(file)
    told = re.search(r'demo_leaf\s+(\d+)', text)
    assert told and told.group(1) == '64', told
    steals = sum(e['ph'] == 'X' and e['name'] == 'steal' for e in trace['traceEvents'])
    rows = re.findall(r'(?:node|numa|l3|l2|package|core|pu)\s+(\d+)\s+\d+\s+[\d.]+', text[text.index('tasks moved'):])
    assert sum(map(int, rows)) == steals > 0, (rows, steals)
    return path


def check_own_time(program, folder):
    """A task of 100 us that waits 60 us within, of which it sleeps 50, has 40 us of its own."""
    events = [{'ph': 'M', 'pid': 1, 'tid': 1, 'name': 'thread_name', 'args': {'name': 'numa 0 / core 0: worker 0'}}]
    for phase, us, name, kind in (('B', 0, '<&">', 'task'), ('B', 20, 'search', 'search'), ('B', 25, 'sleep', 'sleep'),
                                  ('E', 75, '', ''), ('E', 80, '', ''), ('E', 100, '', '')):
        events.append({'ph': phase, 'pid': 1, 'tid': 1, 'ts': us, 'name': name, 'cat': kind})
    path = f'{folder}/own.json'
    with open(path, 'w', encoding='utf-8') as file: # in the layout of another writer
        json.dump({'otherData': {'duration_us': 100, 'program': 'a<b'}, 'traceEvents': events}, file, indent=3)
    text = ' '.join(page_of(program, path).words)
    assert re.search(r'<&">\s+1\s+40 µs\s+100.0 %', text), text
    assert 'a<b' in text and re.search(r'40.0 %\s+of the workers. time is work', text), text
    assert re.search(r'worker 0\s+20 µs\s+60 µs\s+83 %', text), text


def check_no_trace(program, folder, good):
    with open(good, encoding='utf-8') as file:
        whole = file.read()
    for name, text, words in (('cut.json', whole[:len(whole) // 2], 'breaks off'), ('empty.json', '', 'not whole'),
                              ('other.json', '{"a": [1, 2]}', 'neither a trace nor metrics'), ('text.json', 'hello', 'not'),
                              ('bad.json', '{"traceEvents":[{"ph":]}', 'not whole')):
        with open(f'{folder}/{name}', 'w', encoding='utf-8') as file:
            file.write(text)
        made = report(program, f'{folder}/{name}')
        assert made.returncode == 1 and words in made.stderr and made.stdout == '', (name, made)
        assert not os.path.exists(f'{folder}/{name}'.replace('.json', '.html')), name
    assert report(program, f'{folder}/none.json').returncode == 1
    full = report(program, good, '--output', '/dev/full')
    assert full.returncode == 1 and '/dev/full' in full.stderr, full
    assert report(program).returncode == 2 and report(program, good, '--bogus').returncode == 2


def main():
    program, trace_demo, export_demo, jansson = sys.argv[1:5]
    if jansson != 'with-jansson':
        made = report(program, 'any.json')
        assert made.returncode == 1 and 'RAMIFY_JANSSON' in made.stderr, made
        print('without jansson: the command says so')
        return
    with tempfile.TemporaryDirectory() as folder:
        trace = check_trace_page(program, trace_demo, folder)
        with open(f'{folder}/metrics.json', 'w', encoding='utf-8') as file:
            subprocess.run([export_demo, 'json'], stdout=file, check=True, env=clean_environment())
        text = ' '.join(page_of(program, f'{folder}/metrics.json').words)
        assert 'tasks run' in text and 'From submission to start' in text and 'Unknown' in text, text
        check_own_time(program, folder)
        check_no_trace(program, folder, trace)
    print("pages of a trace, of metrics, and of nothing")


if __name__ == '__main__':
    main()
