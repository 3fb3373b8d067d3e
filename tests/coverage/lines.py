"""Adds up what gcov counted: `lines.py OBJECTS FOLDER [--check]`. A line counts once, and is reached
where any function instance of it was."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEAST = 95


def folder_of(report):
    """The compiler's own, which paths are relative to."""
    return pathlib.Path(report["current_working_directory"])


def counts(objects, folder):
    """{path: {line: count}} of the sources in `folder`."""
    found = {}
    for data in sorted(pathlib.Path(objects).glob("*.gcda")):
        out = subprocess.run(["gcov", "--json-format", "--stdout", data.resolve()], check=True,
                             capture_output=True, text=True, cwd=ROOT).stdout
        for report in map(json.loads, out.splitlines()):
            for source in report["files"]:
                path = (folder_of(report) / source["file"]).resolve()
                if not path.is_relative_to(ROOT / folder):
                    continue
                lines = found.setdefault(path, {})
                for line in source["lines"]:
                    number = line["line_number"]
                    lines[number] = max(lines.get(number, 0), line["count"])
    return found


def main(objects, folder, *options):
    found = counts(objects, folder)
    total = reached = 0
    missed = []
    for path, lines in sorted((path, lines) for path, lines in found.items() if lines):
        text = path.read_text().splitlines()
        here = sum(count > 0 for count in lines.values())
        total, reached = total + len(lines), reached + here
        print(f"{100 * here / len(lines):6.1f} %  {here:4} of {len(lines):4}  "
              f"{path.relative_to(ROOT)}")
        missed += [f"{path.relative_to(ROOT)}:{number}: {text[number - 1].strip()}"
                   for number, count in sorted(lines.items()) if count == 0]
    if not total:
        print("nothing was counted")
        return 1
    print("\n".join(["", *missed, ""]))
    share = 100 * reached / total
    print(f"{share:.1f} % of lines: {reached} of {total}, {len(missed)} missed")
    return 1 if "--check" in options and share < LEAST else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
