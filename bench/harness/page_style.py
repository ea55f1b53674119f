# SPDX-License-Identifier: BSD-3-Clause
"""The look of the report's page."""
STYLE = '''
:root { color-scheme: light dark; --ink: #1d2430; --soft: #667085; --ground: #fbfbfa; --card: #ffffff; --line: #e3e5e8;
  --good: #1a7f4b; --bad: #c0392b; --warm: #e07b39; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ec; --soft: #98a2b3; --ground: #14171c; --card: #1b1f26;
  --line: #2e343d; --good: #4cc38a; --bad: #ff7b72; --warm: #e8935a; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
header { padding: 2.2rem 1.5rem 1.2rem; border-bottom: 3px solid var(--warm); }
header > div, main { max-width: 65rem; margin-inline: auto; }
h1 { font-size: 1.9rem; letter-spacing: -.02em; margin-block: 0 .3rem; }
header p { color: var(--soft); margin-block: 0; }
main { padding: .5rem 1.5rem 4rem; }
h2 { font-size: 1.3rem; letter-spacing: -.01em; margin: 2.6rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.8rem 0 .4rem; }
p { max-width: 46rem; }
a { color: var(--warm); }
ul { padding-left: 1.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; min-width: 30rem; font-size: .92rem; }
th { font-weight: 600; white-space: normal !important; line-height: 1.3; color: var(--soft); font-size: .82rem; border-bottom: 1px solid var(--line); vertical-align: bottom; }
th, td { padding: .34rem .7rem; }
tr + tr td { border-top: 1px solid var(--line); }
.l { text-align: left; } td.l { white-space: nowrap; } .r { text-align: right; white-space: nowrap; }
.s { color: var(--soft); font-size: .82rem; }
.v { font-weight: 600; } .ahead { color: var(--good); } .behind { color: var(--bad); } .level { color: var(--soft); }
.h { display: block; padding: .05rem .45rem; margin-inline: -.45rem; border-radius: 4px;
  background: color-mix(in srgb, var(--warm) var(--heat), transparent); }
.note { border-left: 3px solid var(--warm); padding-left: .8rem; max-width: none; }
.alarm { border: 2px solid var(--bad); border-radius: 6px; padding: .8rem 1rem; margin-top: 1.5rem; overflow-wrap: anywhere; }
figure { margin: .8rem 0; padding: .6rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  overflow-x: auto; }
figure svg { width: 100%; height: auto; display: block; }
figure.tree { background: #fff; }
figure.tree svg { width: auto; max-width: 100%; margin-inline: auto; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .8rem; overflow-x: auto; }
details summary { cursor: pointer; color: var(--soft); margin-bottom: .5rem; }
'''
