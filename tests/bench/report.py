"""From cells to what people read: medians, ratios, Markdown tables and the verdicts of --check."""

from statistics import median

# Verdicts of --check: size, the other server, the least or the most that holds.
MOST_OF_FLOOR = {"3k": 1.5, "20k": 2.2}
LEAST_OF_PEER = {
    "peer-diff": {"3k": 15, "20k": 30},
    "peer-operations": {"3k": 8, "20k": 12},
}
# Fewer samples than this say nothing about a 99th percentile.
P99_SAMPLES = 100
# Below this share of its core a server waited for its client, and could have answered more.
SATURATED = 0.85


def pretty_size(size):
    return size.replace("k", " KB")


def summarise(cells):
    """Per server and size: the median, least and most of its visits."""
    values = [cell["cpu_s_per_1000"] for cell in cells]
    return {
        "cpu_s_per_1000": median(values),
        "least": min(values),
        "most": max(values),
        "per_second": median(cell["per_second"] for cell in cells),
        "busy": median(cell["busy"] for cell in cells),
        "visits": len(cells),
        "noisy": sum(not cell["quiet"] for cell in cells),
    }


def ratios(cells, upper, lower, sizes):
    """Median over the visits of upper's CPU time in lower's, each pair measured back to back."""
    return {
        size: median(a["cpu_s_per_1000"] / b["cpu_s_per_1000"]
                     for a, b in zip(cells[upper][size], cells[lower][size], strict=True))
        for size in sizes
    }


def digits(value):
    """Three significant digits, never in exponent form."""
    places = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{places}f}" if value >= 0.1 else f"{value:.4f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def cost_table(servers, summary, sizes):
    def cell(server, size):
        s = summary[server.name][size]
        mark = "" if not s["noisy"] else f" †{s['noisy']}/{s['visits']}"
        return f"{digits(s['cpu_s_per_1000'])} ({digits(s['least'])}–{digits(s['most'])}){mark}"

    head = ["CPU seconds per 1000 reviews"] + [f"{pretty_size(size)} Pod" for size in sizes]
    return table(head, [[s.title] + [cell(s, size) for size in sizes] for s in servers])


def ratio_table(named_ratios, sizes):
    head = ["CPU time, ratio"] + [pretty_size(size) for size in sizes]
    return table(head, [[name] + [f"{digits(values[size])} ×" for size in sizes]
                        for name, values in named_ratios.items()])


def throughput_table(servers, summary, sizes):
    def cell(s):
        waited = "" if s["busy"] >= SATURATED else f" ‡{s['busy']:.0%}"
        return f"{s['per_second']:,.0f}{waited}"

    head = ["reviews per second on one core"] + [pretty_size(size) for size in sizes]
    return table(head, [[s.title] + [cell(summary[s.name][size]) for size in sizes]
                        for s in servers])


def footnotes(summary, latencies):
    every = [found for sizes in summary.values() for found in sizes.values()]
    disturbed = any(found["noisy"] for found in every) or any(
        not found["quiet"] for sizes in latencies.values() for found in sizes.values())
    notes = []
    if disturbed:
        notes.append("† other work on the machine disturbed the run, or so many of the visits.")
    if any(found["busy"] < SATURATED for found in every):
        notes.append("‡ the server used only this share of its core: "
                     "its client or other work was the limit.")
    return notes


def latency_table(servers, latencies, sizes):
    def cell(found):
        tail = f"{found['p99_us']:,.0f}" if found["samples"] >= P99_SAMPLES else "–"
        mark = "" if found["quiet"] else " †"
        return f"{found['p50_us']:,.0f} / {tail}{mark}"

    def heading(size):
        return f"{pretty_size(size)}, {latencies[servers[0].name][size]['rate']}/s"

    head = ["p50 / p99 at a fixed rate, µs"] + [heading(size) for size in sizes]
    return table(head, [[s.title] + [cell(latencies[s.name][size]) for size in sizes]
                        for s in servers])


def verdicts(cells, sizes):
    """The thresholds as (sentence, holds), in the order of the README."""
    said = []
    for size, most in MOST_OF_FLOOR.items():
        if size in sizes:
            found = ratios(cells, "webhook", "floor", [size])[size]
            said.append((f"{pretty_size(size)}: {digits(found)} times the floor's CPU time, "
                         f"at most {most}", found <= most))
    for peer, least_of in LEAST_OF_PEER.items():
        for size, least in least_of.items():
            if size in sizes:
                found = ratios(cells, peer, "webhook", [size])[size]
                said.append((f"{pretty_size(size)}: {digits(found)} times less CPU time than "
                             f"{peer}, at least {least}", found >= least))
    return said
