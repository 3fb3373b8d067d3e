"""Load on one server: a closed loop with wrk for CPU time, a fixed rate with vegeta for latency.

A closed-loop cell is one wrk run of 8 keep-alive connections, which keeps the server's core busy.
The CPU time counts until the server is idle again, and the reviews in flight when wrk left, one a
connection, count as answered: they cost the server their CPU although wrk never saw the answer,
which for a slow server in a short run would be a tenth of the result. With `awake` preloaded, wrk
polls instead of sleeping, so that no server pays for waking its client (awake.c tells why).

The machine is shared, so a cell also measures the CPU time that neither server nor client used.
A cell with more of it than QUIET is tried again; the quietest try is kept, and marked if it was
disturbed all the same.
"""

import csv
import io
import json
import os
import subprocess
import time
from pathlib import Path

from servers import WrongAnswer, nice

CLIENT_CORE = 1
CONNECTIONS = 8
QUIET = 0.12  # cores of foreign work
TICK = os.sysconf("SC_CLK_TCK")
POST = Path(__file__).with_name("post.lua")


def client(program, awake=None):
    preload = ["env", f"LD_PRELOAD={awake}"] if awake else []
    return nice() + ["taskset", "-c", str(CLIENT_CORE)] + preload + [str(program)]


def machine_busy_seconds():
    """CPU time that all cores spent on anything, time stolen by the hypervisor included."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = list(map(int, stat.readline().split()[1:9]))
    user, low, system, _idle, _wait, irq, softirq, steal = ticks
    return (user + low + system + irq + softirq + steal) / TICK


def client_seconds():
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def run_wrk(server, body, seconds, awake=None):
    """One closed loop of whole seconds; wrk's totals, or WrongAnswer when anything failed."""
    command = client("wrk", awake) + [
        "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s",
        "-s", str(POST), server.url(), "--", str(body),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60,
                          check=False)
    if done.returncode:
        raise WrongAnswer(f"wrk on {server.name} failed: {done.stderr.strip()}")
    totals = json.loads(done.stdout.strip().splitlines()[-1])
    if totals["refused"] or totals["broken"] or not totals["requests"]:
        raise WrongAnswer(f"{server.name} failed under load: {totals}\n{server.log_end()}")
    return totals


def watched(server, load):
    """Runs load() and returns its result, the server's CPU seconds for it until it was idle again,
    and how many cores were busy with anything but the two of them."""
    cpu = server.cpu_ns_when_idle()
    began, busy, own = time.monotonic(), machine_busy_seconds(), client_seconds()
    result = load()
    spent = (server.cpu_ns_when_idle() - cpu) / 1e9
    elapsed = time.monotonic() - began
    foreign = (machine_busy_seconds() - busy) - (client_seconds() - own) - spent
    server.trim_log()
    return result, spent, max(0.0, foreign / elapsed)


def quietest(attempt, most_tries):
    """The cell of attempt() that other work disturbed least, repeated only while disturbed."""
    tries = []
    while len(tries) < most_tries and not any(cell["quiet"] for cell in tries):
        cell = attempt()
        tries.append(cell | {"quiet": cell["foreign_cores"] < QUIET})
    return min(tries, key=lambda cell: cell["foreign_cores"]) | {"tries": len(tries)}


def closed_loop(server, body, seconds, awake):
    """One cell: CPU seconds per 1000 reviews, reviews per second, and how quiet it was."""
    totals, spent, foreign = watched(server, lambda: run_wrk(server, body, seconds, awake))
    elapsed = totals["microseconds"] / 1e6
    return {
        "cpu_s_per_1000": spent / (totals["requests"] + CONNECTIONS) * 1000,
        "per_second": totals["requests"] / elapsed,
        "busy": min(1.0, spent / elapsed),
        "requests": totals["requests"],
        "foreign_cores": foreign,
    }


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def run_vegeta(vegeta, server, body, rate, seconds):
    """One open loop; (start in ns, latency in ns) of every review, or WrongAnswer."""
    target = f"POST {server.url()}\nContent-Type: application/json\n@{body}\n"
    attack = client(vegeta) + [
        "attack", f"-rate={rate}", f"-duration={seconds}s", "-timeout=20s", "-http2=false",
        f"-root-certs={server.certificate}", "-connections=64", "-max-body=0",
    ]
    results = subprocess.run(attack, input=target.encode(), capture_output=True,
                             timeout=seconds + 60, check=True).stdout
    encode = client(vegeta) + ["encode", "-to", "csv"]
    table = subprocess.run(encode, input=results, capture_output=True, timeout=60,
                           check=True).stdout.decode()
    rows = list(csv.reader(io.StringIO(table)))
    failed = sum(row[1] != "200" for row in rows)
    if failed or not rows:
        raise WrongAnswer(f"{server.name} at {rate}/s: {failed} of {len(rows)} reviews failed")
    return [(int(row[0]), int(row[2])) for row in rows]


def fixed_rate(vegeta, server, body, rate, seconds):
    """Latency in microseconds at a fixed rate of arrivals, first quarter of the run dropped."""
    samples, _, foreign = watched(server, lambda: run_vegeta(vegeta, server, body, rate, seconds))
    settled = min(samples)[0] + seconds * 1e9 / 4
    latencies = sorted(latency / 1000 for began, latency in samples if began >= settled)
    return {
        "rate": rate,
        "samples": len(latencies),
        "p50_us": percentile(latencies, 0.50),
        "p99_us": percentile(latencies, 0.99),
        "foreign_cores": foreign,
    }
