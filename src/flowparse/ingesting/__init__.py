"""Floor 3: what `flowparse.ingest` is made of, one idea a file.

`plan` compares the listing with the `state` and makes each `unit`; `stage` turns a unit into
files that are `staged`; a sink (`sinks`) publishes them to a place (`places`). `settle` ends what
a run that died began, `lock` keeps a second run out, `run` conducts.
"""
