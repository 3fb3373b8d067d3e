"""Measures the webhook beside its floor and its Go peers. Called by tests/bench/run, which builds.

One run starts every server, checks that each answers rightly, then visits them back to back,
forwards and then backwards, for each Pod size and for several rounds, so that a machine whose
speed drifts slows all of them alike; ratios are taken within a visit and their median is told.
Compare figures of one run on one machine only.

Exit codes: 0 measured; 1 a server answered wrongly, or --check found a threshold broken; 2 usage.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import bodies
import load
import plot
import report
from servers import SERVER_CORE, Server, WrongAnswer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SIZES = list(bodies.SHAPES)
RATES = {"3k": 500, "20k": 100, "300k": 10}


@dataclass(frozen=True)
class Plan:
    rounds: int          # of two visits each
    tries: int           # of a cell that other work disturbs
    seconds: dict        # of one closed-loop cell, by size
    rated_seconds: dict  # of one fixed-rate run, by size; a size left out is not run


SHORT = Plan(1, 1, dict.fromkeys(SIZES, 1), {"3k": 2})
FULL = Plan(3, 3, {"3k": 1, "20k": 1, "300k": 3}, {"3k": 6, "20k": 6, "300k": 15})


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description=__doc__.split("\n\n", 1)[0] + "\n\n" + __doc__.split("\n\n", 1)[1])
    parser.add_argument("--short", action="store_true",
                        help="under a minute: one round, no second tries, fixed rate at 3 KB only")
    parser.add_argument("--check", action="store_true",
                        help="judge the ratios and exit 1 when one does not hold")
    parser.add_argument("--profile", action="store_true",
                        help="also record where the webhook spends its time (needs perf)")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench", metavar="DIR",
                        help="where tables.md, bench.json and bench.svg go (build/bench)")
    parser.add_argument("--sleepy-client", action="store_true",
                        help="let the client sleep between answers: a server slower than its "
                             "client then also pays for waking it")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of two visits (3)")
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peer", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--vegeta", type=Path, required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rounds is not None and arguments.rounds < 1:
        parser.error("--rounds takes a number from 1")
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("needs two CPU cores: one for the server, one for its client")
    return arguments


def say(words):
    print(f"[{time.monotonic() - STARTED:4.0f}s] {words}", flush=True)


STARTED = time.monotonic()


def the_servers(arguments, folder):
    built = arguments.programs
    policies = HERE / "policies"
    webhook = [built / "confidential-pods", "serve", "--policies", policies, "--threads", "1"]
    floor = [built / "cpods_bench_floor", "--reply", folder / "reply.json"]
    transport = [built / "cpods_bench_transport", "--reply", folder / "reply.json"]
    by_diff = [arguments.peer, "--patch", "diff"]
    by_hand = [arguments.peer, "--patch", "operations"]
    return [
        Server("webhook", "Confidential Pods", webhook),
        Server("floor", "floor: fixed reply on plain Beast", floor, fixed=True),
        Server("transport", "fixed reply on the webhook's listener", transport, fixed=True),
        Server("peer-diff", "Go peer, PatchResponseFromRaw", by_diff),
        Server("peer-operations", "Go peer, operations by hand", by_hand),
    ]


def write_inputs(folder):
    """The bodies, the floor's reply and a certificate of the kind the webhook issues itself."""
    for size in SIZES:
        (folder / f"{size}.json").write_bytes(bodies.encoded(bodies.review(size)))
    (folder / "reply.json").write_bytes(bodies.fixed_reply())
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
        check=True, capture_output=True)


def check_all(servers):
    for server in servers:
        for size in SIZES:
            server.check(size)


def closed_loops(servers, folder, plan, awake):
    """cells[server][size]: one cell a visit, in the same order for every server."""
    cells = {server.name: {size: [] for size in SIZES} for server in servers}
    for server in servers:
        load.run_wrk(server, folder / "20k.json", 1)  # warms heaps and pools
    for number in range(plan.rounds):
        for order in (servers, servers[::-1]):
            for size in SIZES:
                for server in order:
                    body = folder / f"{size}.json"
                    measure_cell = partial(load.closed_loop, server, body, plan.seconds[size],
                                           awake)
                    cells[server.name][size].append(load.quietest(measure_cell, plan.tries))
        say(f"closed loop: round {number + 1} of {plan.rounds} done")
    return cells


def fixed_rates(vegeta, servers, folder, plan):
    """latencies[server][size]: one run each."""
    found = {server.name: {} for server in servers}
    for size, seconds in plan.rated_seconds.items():
        for server in servers:
            body = folder / f"{size}.json"
            attack = partial(load.fixed_rate, str(vegeta), server, body, RATES[size], seconds)
            found[server.name][size] = load.quietest(attack, plan.tries)
        say(f"fixed rate: {report.pretty_size(size)} at {RATES[size]}/s done")
    return found


def profile(server, folder):
    """Samples the webhook under load; perf's shares by function go beside the tables."""
    if not shutil.which("perf"):
        raise WrongAnswer("--profile needs perf: apt-get install linux-perf")
    for size in SIZES:
        data = folder / f"profile-{size}.data"
        record = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "1999",
                  "-p", str(server.process.pid), "-o", str(data), "--", "sleep", "2"]
        sampling = subprocess.Popen(record, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        load.run_wrk(server, folder / f"{size}.json", 3)
        sampling.wait(30)
        tell = ["perf", "report", "--stdio", "--sort", "dso,symbol", "--percent-limit", "0.3",
                "-i", str(data)]
        told = subprocess.run(tell, capture_output=True, text=True, timeout=120, check=True).stdout
        (folder / f"profile-{size}.txt").write_text(told)
        say(f"profile: {folder / f'profile-{size}.txt'}")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        models = {line.split(":", 1)[1].strip() for line in cpuinfo if "model name" in line}
    return {"cpu": ", ".join(sorted(models)), "cores": os.cpu_count(), "kernel": platform.release()}


def measure(arguments, servers, folder):
    plan = SHORT if arguments.short else FULL
    if arguments.rounds:
        plan = replace(plan, rounds=arguments.rounds)
    awake = None if arguments.sleepy_client else arguments.programs / "cpods_bench_awake.so"
    cells = closed_loops(servers, folder, plan, awake)
    latencies = fixed_rates(arguments.vegeta, servers, folder, plan)
    check_all(servers)
    return cells, latencies


def publish(arguments, servers, cells, latencies):
    """Prints the tables, writes the three files and returns the verdicts."""
    folder = arguments.output
    summary = {name: {size: report.summarise(visits) for size, visits in of.items()}
               for name, of in cells.items()}
    pairs = [("webhook", "floor"), ("webhook", "transport")]
    pairs += [(peer, "webhook") for peer in report.LEAST_OF_PEER]
    named_ratios = {f"{upper} ÷ {lower}": report.ratios(cells, upper, lower, SIZES)
                    for upper, lower in pairs}
    host = machine()
    sleeps = ", a client that sleeps" if arguments.sleepy_client else ""
    visits = len(cells["webhook"][SIZES[0]])
    note = (f"{host['cpu']}, {host['cores']} cores: server on one, client on another; TLS 1.3, "
            f"{load.CONNECTIONS} connections{sleeps}, median of {visits} visits")
    tables = [
        report.cost_table(servers, summary, SIZES),
        report.ratio_table(named_ratios, SIZES),
        report.throughput_table(servers, summary, SIZES),
        report.latency_table(servers, latencies, list(latencies["webhook"])),
    ]
    closing = " ".join([f"{note}."] + report.footnotes(summary, latencies))
    text = "\n\n".join(tables + [closing]) + "\n"
    print("\n" + text, flush=True)
    verdicts = report.verdicts(cells, SIZES)
    (folder / "tables.md").write_text(text)
    (folder / "bench.svg").write_text(plot.draw(servers, summary, SIZES, note))
    (folder / "bench.json").write_text(json.dumps({
        "machine": host,
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "server_core": SERVER_CORE,
        "client_core": load.CLIENT_CORE,
        "sleepy_client": arguments.sleepy_client,
        "body_bytes": {size: (folder / f"{size}.json").stat().st_size for size in SIZES},
        "closed_loop": cells,
        "summary": summary,
        "ratios": named_ratios,
        "fixed_rate": latencies,
        "thresholds": [{"sentence": sentence, "holds": holds} for sentence, holds in verdicts],
    }, indent=1) + "\n")
    say(f"written: {folder}/tables.md, bench.json, bench.svg")
    return verdicts


def main():
    # Ended from outside, it still stops its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    arguments = parse_arguments()
    folder = arguments.output.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    arguments.output = folder
    write_inputs(folder)
    servers = the_servers(arguments, folder)
    try:
        for server in servers:
            server.start(str(folder / "tls.crt"), str(folder / "tls.key"), folder)
        check_all(servers)
        say(f"{len(servers)} servers up, every answer right for {', '.join(SIZES)}")
        cells, latencies = measure(arguments, servers, folder)
        if arguments.profile:
            profile(servers[0], folder)
    except (WrongAnswer, OSError, subprocess.SubprocessError) as problem:
        print(f"benchmark: {problem}", file=sys.stderr)
        return 1
    finally:
        for server in servers:
            server.stop()
    verdicts = publish(arguments, servers, cells, latencies)
    for sentence, holds in verdicts:
        print(f"{'holds ' if holds else 'BROKEN'}  {sentence}")
    broken = sum(not holds for _, holds in verdicts)
    return 1 if arguments.check and broken else 0


if __name__ == "__main__":
    sys.exit(main())
