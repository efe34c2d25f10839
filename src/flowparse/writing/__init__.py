"""Floor 3: what `flowparse.write` is made of, one idea a file.

Parquet: `incoming` gives batches, `partition` splits them, `rowgroups` gathers them, `chunks`
encodes their columns, in `pages`, `footer` says where they lie, in the protocol of `thrift`. Text:
`textblocks` cuts batches, `encode` has their lines spelled, `readback` proves that they read back.
Both: `staging` writes aside and renames, `destination` knows earlier runs.
"""
