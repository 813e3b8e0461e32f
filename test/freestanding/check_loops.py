#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds loops of the executor that might not end: check_loops.py --allow FILE --root FOLDER [--json] FOLDER...

A loop is taken to end if it goes over a range; if it counts, which means that a variable is compared with a bound, moves
towards it with every round, and is not moved back in the body; or if its body calls a hook named `relax`: then it is
a wait, on which others look who have a clock. Every other loop of the folders must have a line in the file:

    FILE | HEAD OF THE LOOP | WHY IT ENDS

FILE is a path below the root; * stands for any text in it and in the head. A line that matches no loop is an error."""

import argparse
import fnmatch
import json
import pathlib
import re
import sys

COMMENT_OR_STRING = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z])'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def without_comments(text):
    return COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


def closing(code, start):
    """Position behind the bracket that closes the one at `start`."""
    pairs = {"(": ")", "{": "}"}
    opened, depth = code[start], 0
    for at in range(start, len(code)):
        depth += (code[at] == opened) - (code[at] == pairs[opened])
        if depth == 0:
            return at + 1
    raise ValueError("brackets do not match")


def statement_end(code, start):
    """Position behind the statement that begins at `start`."""
    at = start + len(code[start:]) - len(code[start:].lstrip())
    if code[at] == "{":
        return closing(code, at)
    head = re.compile(r"(for|while|if|switch)\b(\s*constexpr)?\s*").match(code, at)
    if head:
        end = statement_end(code, closing(code, head.end()))
        other = re.compile(r"\s*else\b").match(code, end)
        return statement_end(code, other.end()) if other else end
    if re.compile(r"do\b").match(code, at):
        end = statement_end(code, at + 2)
        return code.index(";", closing(code, code.index("(", end))) + 1
    depth = 0
    for end in range(at, len(code)):
        depth += (code[end] in "({[") - (code[end] in ")}]")
        if depth == 0 and code[end] == ";":
            return end + 1
    raise ValueError("a statement does not end")


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def loops_of(code):
    """(line, keyword, place of the head, head, body) of each loop."""
    ends_of_do = set()
    for match in re.finditer(r"\b(for|while|do)\b", code):
        keyword, at = match.group(1), match.start()
        line = code.count("\n", 0, at) + 1
        if keyword == "do":
            end = statement_end(code, match.end())
            ends_of_do.add(code.index("while", end))
            head = code.index("(", end)
            yield line, "do", head + 1, code[head + 1:closing(code, head) - 1], code[match.end():end]
            continue
        if at in ends_of_do:
            continue
        head = code.index("(", at)
        end = closing(code, head)
        yield line, keyword, head + 1, code[head + 1:end - 1], code[end:statement_end(code, end)]


def split_top(text, separator):
    parts, depth, last = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0 and text.startswith(separator, at):
            parts.append(text[last:at])
            last = at + len(separator)
    return parts + [text[last:]]


def moves_back(name, up, body):
    """Whether a body moves the variable otherwise than its loop does."""
    wrong = r"--|-=" if up else r"\+\+|\+="
    name = re.escape(name)
    return re.search(rf"(?<![\w.>]){name}\s*({wrong}|=(?!=))|({'--' if up else '[+][+]'}){name}\b|&{name}\b", body)


def counts(head, body):
    """Whether each alternative of the condition has a term that ends it."""
    parts = split_top(head, ";")
    condition = parts[1] if len(parts) == 3 else head
    step = parts[2] if len(parts) == 3 else ""
    return all(any(term_counts(term, step, body) for term in split_top(alternative, "&&"))
               for alternative in split_top(condition, "||"))


def term_counts(term, step, body):
    down = re.fullmatch(r"\s*(\w+)-- > 0\s*", term)
    if down:
        return not moves_back(down.group(1), False, body)
    compared = re.match(r"\s*([\w.]+)(?: \+ \d+| \* \d+)? (<|<=|>|>=) ", term + " ")
    if not compared:
        return False
    name, up = compared.group(1), compared.group(2).startswith("<")
    moves = rf"(?<![\w.]){re.escape(name)}\s*({'[+][+]|[+]=' if up else '--|-='})"
    return re.search(moves, step) is not None and not moves_back(name, up, body)


def is_plain(keyword, head, body):
    if keyword == "for" and len(split_top(head, ";")) <= 2 and re.search(r"[^:]:[^:]", head):
        return True  # over a range
    return counts(head, body)


def waits(body):
    return re.search(r"\brelax\(", body) is not None


def read_allowed(path):
    rows = []
    for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split(" | ")]
            if len(cells) != 3 or not all(cells):
                sys.exit(f"{path}:{number}: not FILE | HEAD OF THE LOOP | WHY IT ENDS")
            rows.append((number, *cells))
    return rows


def main():
    parser = argparse.ArgumentParser(description="Finds loops of the executor that might not end.")
    parser.add_argument("--allow", required=True, help="the file that says why loops end")
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--json", action="store_true", help="print how many loops there are of which kind")
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    arguments = parser.parse_args()
    rows, used, problems = read_allowed(arguments.allow), set(), []
    kinds = {"plain": 0, "waits": 0, "argued": 0}
    paths = sorted(path for folder in arguments.folders for suffix in ("h", "cpp")
                   for path in (arguments.root / folder).rglob(f"*.{suffix}"))
    for path in paths:
        name = path.relative_to(arguments.root).as_posix()
        source = path.read_text(encoding="utf-8")
        code = without_comments(source)
        problems += [f"{name}:{code.count(chr(10), 0, jump.start()) + 1}: goto" for jump in re.finditer(r"\bgoto\b", code)]
        for line, keyword, at, head, body in loops_of(code):
            if is_plain(keyword, head, body):
                kinds["plain"] += 1
                continue
            if waits(body):
                kinds["waits"] += 1
                continue
            text = f"{keyword} ({squeeze(source[at:at + len(head)])})"
            matching = [number for number, place, pattern, _ in rows if fnmatch.fnmatchcase(name, place) and
                        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text)]
            used.update(matching)
            kinds["argued"] += 1
            if not matching:
                problems.append(f"{name}:{line}: nobody says why this ends: {text}")
    problems += [f"{arguments.allow}:{row[0]}: there is no such loop: {row[2]}" for row in rows if row[0] not in used]
    if not paths:
        problems.append("there are no sources")
    print(json.dumps(kinds) if arguments.json else
          f"{kinds['plain']} loops that count, {kinds['waits']} that wait, {kinds['argued']} others, "
          f"{len(problems)} problems")
    for problem in problems:
        print(problem, file=sys.stderr if arguments.json else sys.stdout)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
