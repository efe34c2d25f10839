"""Floor 3: what `flowparse.ingest` is made of, one idea a file.

`plan` compares the listing with the `state` and makes each `unit`; `stage` turns a unit into
files that are `staged`; a sink publishes them: as they are, to a place (`sinks`, `places`), or
their `rows` to a table (`delta`, `iceberg`). `settle` ends what a run that died began, `lock`
keeps a second run out, `run` conducts.
"""
