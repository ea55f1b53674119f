#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads what export_demo prints with readers of other people's making, or after their grammar: JSON by Python and by the
schema, CSV by Python, Prometheus' text by the grammar of its format 0.0.4. All three must say the same.

    check_exports.py EXPORT_DEMO SCHEMA"""
import csv
import io
import json
import math
import re
import shutil
import subprocess
import sys

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (\S+)$')


def demo(program, form, *more):
    return subprocess.run([program, form, *more], check=True, text=True, stdout=subprocess.PIPE).stdout


def check_schema(value, schema, root, where='$'):
    """The part of JSON Schema that schema.json uses."""
    if '$ref' in schema:
        schema = root['definitions'][schema['$ref'].split('/')[-1]]
    kinds = schema.get('type', [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    is_kind = {'object': lambda v: isinstance(v, dict), 'array': lambda v: isinstance(v, list),
               'string': lambda v: isinstance(v, str), 'boolean': lambda v: isinstance(v, bool),
               'integer': lambda v: isinstance(v, int) and not isinstance(v, bool),
               'number': lambda v: isinstance(v, (int, float)) and not isinstance(v, bool), 'null': lambda v: v is None}
    assert not kinds or any(is_kind[k](value) for k in kinds), f'{where}: {value!r} is not {kinds}'
    assert 'const' not in schema or value == schema['const'], f'{where}: {value!r}'
    assert 'enum' not in schema or value in schema['enum'], f'{where}: {value!r}'
    if isinstance(value, dict):
        for key in schema.get('required', []):
            assert key in value, f'{where}: no {key}'
        for key, inner in value.items():
            assert key in schema.get('properties', {key: {}}), f'{where}: {key} is not in the schema'
            check_schema(inner, schema.get('properties', {}).get(key, {}), root, f'{where}.{key}')
    if isinstance(value, list):
        for i, inner in enumerate(value):
            check_schema(inner, schema.get('items', {}), root, f'{where}[{i}]')


def check_json(text, schema):
    snapshot = json.loads(text)
    check_schema(snapshot, schema, schema)
    kinds = {d['name']: d['kind'] for d in snapshot['definitions']}
    assert len(kinds) == len(snapshot['definitions']), 'a name is defined twice'
    for row in snapshot['metrics']:
        assert row['name'] in kinds, row
        assert (row['value'] is None) == (row['source'] == 'unknown'), row
        assert row['value'] is not None or row['reason'], row
    samples = sum(count for _, count in snapshot['histograms']['latency_ns'])
    said = next(r['value'] for r in snapshot['metrics'] if r['name'] == 'latency_samples')
    assert samples == said, (samples, said)
    return {(r['name'], r['scope'], r['place'], r['region'] or '') for r in snapshot['metrics']}, kinds


def check_csv(text):
    rows = list(csv.DictReader(io.StringIO(text), strict=True))
    for row in rows:
        assert None not in row and None not in row.values(), row
        assert (row['value'] == '') == (row['source'] == 'unknown'), row
        assert row['value'] == '' or math.isfinite(float(row['value'])), row
    return {(r['name'], r['scope'], r['place'], r['region']) for r in rows}


def check_prometheus(text, kinds):
    places, kind_of, current, finished = set(), {}, None, set()
    for line in text.splitlines():
        if line.startswith('# TYPE '):
            _, _, name, kind = line.split(' ')
            assert name not in finished and name not in kind_of, f'{name} stands in two places'
            finished.add(current)
            current, kind_of[name] = name, kind
            assert (kind == 'counter') == name.endswith('_total'), line
            continue
        sample = SAMPLE.match(line.removeprefix('# '))
        if not sample:
            unknown = re.match(r'# (\w+)\{(.*)\} unknown: .+', line)
            assert unknown or line.startswith('# HELP '), line
            if unknown:
                places.add(place(*unknown.groups()))
            continue
        name, labels, value = sample.groups()
        assert name == current and math.isfinite(float(value)), line
        places.add(place(name, labels))
    assert {common_name(n): k for n, k in kind_of.items()} == kinds
    if shutil.which('promtool'):
        subprocess.run(['promtool', 'check', 'metrics'], input=text, text=True, check=True)
    return places


def common_name(name):
    """As the other forms have it: there, times are in nanoseconds."""
    return re.sub('_seconds$', '_ns', name.removeprefix('ramify_').removesuffix('_total'))


def place(name, labels):
    pairs = {key: re.sub(r'\\(.)', r'\1', value) for key, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)}
    return common_name(name), pairs['scope'], pairs['place'], pairs.get('region', '')


def common(rows):
    """Those that each run of the demo has: which worker a sampled task of a class ran on is chance."""
    assert any(region == 'nothing()' and name == 'page_faults' for name, _, _, region in rows), 'no class of tasks'
    return {row for row in rows if not (row[1] == 'worker' and row[3].endswith('()'))}


def main():
    program, schema_path = sys.argv[1:3]
    with open(schema_path, encoding='utf-8') as file:
        schema = json.load(file)
    rows, kinds = check_json(demo(program, 'json'), schema)
    assert common(check_csv(demo(program, 'csv'))) == common(rows)
    assert common(check_prometheus(demo(program, 'prometheus'), kinds)) == common(rows)
    assert ('region_count', 'thread', '0', 'a "region" \\ of, main') in rows
    locales = subprocess.run(['locale', '-a'], text=True, stdout=subprocess.PIPE, check=False).stdout.split()
    comma = next((name for name in locales if name.startswith(('de_', 'fr_', 'es_'))), None)
    if comma:
        check_json(demo(program, 'json', comma), schema)
    print(f'{len(rows)} rows in three formats' + ('' if comma else '; no locale with a decimal comma is installed'))


if __name__ == '__main__':
    main()
