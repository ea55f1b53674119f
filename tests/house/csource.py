# SPDX-License-Identifier: BSD-3-Clause
"""Reads C well enough for the house's checks: comments, code without them, function bodies, public declarations.

It is no parser: it knows comments, literals, preprocessor lines and braces, and assumes the layout that clang-format
gives, in which a function's opening brace stands alone in column 0 or ends the line of a short inline function."""
import re
from dataclasses import dataclass

LITERAL_OR_COMMENT = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


@dataclass
class Comment:
    first: int  # line numbers from 1
    last: int
    text: str


@dataclass
class Function:
    name: str
    first: int
    last: int

    @property
    def lines(self):
        return self.last - self.first + 1


@dataclass
class Declaration:
    """A function marked RAMIFY_API in a public header."""
    name: str
    first: int
    returns: str
    arguments: str


def line_of(text, position):
    return text.count('\n', 0, position) + 1


def blank(text):
    """The text with comments and the insides of literals turned into blanks, same length and lines."""
    def keep_lines(match):
        token = match.group()
        if token[0] in '"\'':
            return token[0] + ' ' * (len(token) - 2) + token[-1]
        return re.sub(r'[^\n]', ' ', token)
    return LITERAL_OR_COMMENT.sub(keep_lines, text)


def comments(text):
    """All comments; runs of // lines count as one."""
    found = []
    for match in LITERAL_OR_COMMENT.finditer(text):
        token = match.group()
        if token[0] != '/':
            continue
        first = line_of(text, match.start())
        if token.startswith('//') and found and found[-1].last == first - 1 and found[-1].text.startswith('//'):
            found[-1].last, found[-1].text = first, found[-1].text + '\n' + token
        else:
            found.append(Comment(first, first + token.count('\n'), token))
    return found


def without_preprocessor(code):
    """Blanks # lines and their continuations."""
    return re.sub(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', lambda m: re.sub(r'[^\n]', ' ', m.group()), code,
                  flags=re.MULTILINE)


def includes(text):
    """(line, name, quoted) of every #include."""
    pattern = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
    commentless = re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m.group()), text, flags=re.DOTALL)
    return [(line_of(text, m.start()), m.group(2), m.group(1) == '"') for m in pattern.finditer(commentless)]


def functions(text):
    """Function definitions at file level, extern "C" blocks looked through."""
    code = without_preprocessor(blank(text))
    found, depth, start, transparent = [], 0, 0, 0
    for match in re.finditer(r'[{};]', code):
        token, at = match.group(), match.start()
        if token == '{':
            head = code[start:at]
            if depth == 0 and re.search(r'extern\s*"\s*"\s*$', head):
                transparent, start = transparent + 1, at + 1
                continue
            if depth == 0:
                named = None
                if head.rstrip().endswith(')'):
                    named = re.match(r'[^=]*?(\w+)\s*\(', re.sub(r'__attribute__\s*\(\(.*?\)\)', '', head))
                opened = (named.group(1) if named else None, start + len(head) - len(head.lstrip()))
            depth += 1
        elif token == '}':
            if depth == 0 and transparent:
                transparent, start = transparent - 1, at + 1
                continue
            depth -= 1
            if depth == 0:
                if opened[0]:
                    found.append(Function(opened[0], line_of(code, opened[1]), line_of(code, at)))
                start = at + 1
        elif depth == 0:
            start = at + 1
    return found


def declarations(text):
    """Functions a public header declares with RAMIFY_API."""
    code = without_preprocessor(blank(text))
    pattern = re.compile(r'^(?:RAMIFY_NODISCARD\s+)?RAMIFY_API\s+([^;{]*?)\b(\w+)\s*\(([^;{]*)\)\s*;', re.MULTILINE)
    return [Declaration(m.group(2), line_of(code, m.start()), ' '.join(m.group(1).split()), m.group(3))
            for m in pattern.finditer(code)]
