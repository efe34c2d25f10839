"""Peak memory of a stream over a large text file, above what importing takes.

Every size is read by a process of its own, so that no peak hides another. A bounded reader
shows the same peak for all sizes.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from corpus import DEFAULT, make_corpus, read_arguments

BYTES_A_RECORD = 110


def peak_mib() -> float:
    """Largest resident size of this process so far. Linux tells that of the program alone;
    elsewhere what the parent had before it started the program may count, too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def stream(path: str) -> None:
    """In a process of its own: read to the end, holding one batch at a time."""
    import flowparse

    flowparse.read_table(b"2 - - - - - - - - - - - - OK\n")
    before = peak_mib()
    with flowparse.open_reader(path) as reader:
        rows = sum(batch.num_rows for batch in reader)
        size = reader.counts.bytes_text
    print(f"{size / 1e6:.0f} MB of text, {rows} rows: {peak_mib() - before:.0f} MiB above import")


def main() -> None:
    """A tenth of a gigabyte, then one."""
    if len(sys.argv) == 3 and sys.argv[1] == "--stream":
        stream(sys.argv[2])
        return
    arguments = read_arguments(__doc__ or "", records=1_000_000_000 // BYTES_A_RECORD)
    for records in (arguments.records // 10, arguments.records):
        corpus = make_corpus(arguments.folder, DEFAULT, records)
        for path in (corpus.text, corpus.gzip):
            print(f"{path.name}: ", end="", flush=True)
            subprocess.run([sys.executable, __file__, "--stream", str(path)], check=True)


if __name__ == "__main__":
    main()
