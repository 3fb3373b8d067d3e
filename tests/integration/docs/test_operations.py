"""docs/operations.md beside what the programs say of themselves: every flag, exit code and metric
is documented, and none that does not exist."""

import os
import re
import subprocess
import unittest

from tls.serving import BUILD, ROOT, Server, need_program, review

TEXT = open(os.path.join(ROOT, "docs/operations.md")).read()
METRIC = re.compile(r"confidential_pods_[a-z0-9_]+")


def rows(section, first):
    """The cells of the table rows under '## section' whose first cell begins with `first`."""
    body = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S).group(1)
    cells = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("| ")]
    return [row for row in cells if re.match(first, row[0].strip())]


def helped(program, *command):
    """What --help of a command prints."""
    return subprocess.run([os.path.join(BUILD, program), *command, "--help"],
                          capture_output=True, text=True, timeout=30, check=True).stdout


def flags_of(text):
    """The flags that a --help lists, in all their spellings, but --help itself."""
    lists = re.findall(r"^  (-[^ ]+)", text, re.M)
    return {flag for each in lists for flag in each.split(",")} - {"-h", "--help"}


def subcommands_of(text):
    listed = re.search(r"^Subcommands:\n((?:  .*\n)*)", text, re.M)
    return re.findall(r"^  ([a-z-]+)", listed.group(1), re.M) if listed else []


def exposed(text):
    """The metrics of an exposition, each with the names of its labels."""
    metrics = {name: set() for name in re.findall(r"^# TYPE ([a-z0-9_]+)", text, re.M)}
    for name, labels in re.findall(r"^([a-z0-9_]+)\{([^}]*)\}", text, re.M):
        family = re.sub("_(bucket|sum|count)$", "", name) if name not in metrics else name
        metrics[family] |= set(re.findall(r'(\w+)="', labels)) - {"le"}
    return metrics


class Operations(unittest.TestCase):
    def setUp(self):
        need_program()

    def check_flags(self, program, *command):
        text = helped(program, *command)
        deeper = subcommands_of(text)
        for name in deeper:
            self.check_flags(program, *command, name)
        if deeper:
            return
        section = " ".join(command if program == "confidential-pods" else (program, *command))
        with self.subTest(section):
            flags = flags_of(text)
            if flags or f"\n## {section}\n" in TEXT:
                documented = {flag for row in rows(section, "`-")
                              for flag in re.findall(r"`(-[^`]+)`", row[0])}
                self.assertEqual(documented, flags)

    def test_every_flag_is_documented_and_no_other(self):
        self.check_flags("confidential-pods")
        self.check_flags("confidential-pods-attest")

    def test_every_flag_stands_in_the_synopsis_of_its_command(self):
        for section in ("serve", "check", "review", "webhooks", "backstop", "certs init",
                        "confidential-pods-attest run", "confidential-pods-attest verify",
                        "confidential-pods-attest collect"):
            synopsis = re.search(rf"^## {section}\n\n((?:    .*\n)+)", TEXT, re.M).group(1)
            for row in rows(section, "`-"):
                spellings = re.findall(r"`(-[^`]+)`", row[0])
                alike = spellings if "-o" not in spellings and "-n" not in spellings and "-f" not in spellings else [" ".join(spellings)]
                for each in alike:
                    with self.subTest(section, flag=each):
                        self.assertTrue(any(re.search(rf"{flag}\b", synopsis)
                                            for flag in each.split()), synopsis)

    def test_every_exit_code_of_the_step_is_documented_and_no_other(self):
        codes = re.findall(r"^ +(\d+)  ", helped("confidential-pods-attest", "run"), re.M)
        documented = [row[0].strip() for row in rows("confidential-pods-attest run", r"\d")]
        self.assertEqual(documented, codes)

    def test_every_metric_is_documented_with_its_labels_and_no_other(self):
        server = Server()
        self.addCleanup(server.remove)
        server.curl("/validate", "--json", "@-", data=review())
        metrics = exposed(server.plain("/metrics")[1])
        documented = {row[0].strip(): set(re.findall(r"`(\w+)`", row[1]))
                      for row in rows("Metrics", "confidential_pods_")}
        self.assertEqual(documented, metrics)

    def test_no_text_speaks_of_a_metric_that_is_not_in_the_table(self):
        documented = {row[0].strip() for row in rows("Metrics", "confidential_pods_")}
        for path in ("README.md", "docs/design.md", "docs/operations.md", "docs/policies.md",
                     "manifests/README.md"):
            with open(os.path.join(ROOT, path)) as file:
                self.assertLessEqual(set(METRIC.findall(file.read())), documented, path)


if __name__ == "__main__":
    unittest.main()
