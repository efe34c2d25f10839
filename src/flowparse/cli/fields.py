"""Floor 5: `flowparse fields`: the registry of AWS's fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click
import pyarrow as pa

from flowparse.cli.options import output_option
from flowparse.cli.output import write_result
from flowparse.fields import FIELDS, Field, field_name, near_names
from flowparse.schema import field_column

__all__ = ["fields"]

_SHORT: Final = {"dictionary<int32, string>": "dictionary", "timestamp[s, UTC]": "timestamp[s]"}


@click.command()
@click.argument("names", metavar="[NAME...]", nargs=-1)
@click.option("--service", type=click.Choice(("vpc", "tgw")), help="Of this kind of flow log only.")
@click.option(
    "--version",
    type=click.IntRange(min=2),
    metavar="N",
    help="What a record of version N can have: fields of version N and before.",
)
@output_option
def fields(names: Sequence[str], service: str | None, version: int | None, form: str) -> None:
    """List the fields that AWS can write: version, types, meaning.

    NAME is one or more fields, with hyphens or underscores; without it all are listed.
    """
    chosen = _find(names) if names else list(FIELDS.values())
    if service is not None:
        chosen = [field for field in chosen if service in field.services]
    if version is not None:
        chosen = [field for field in chosen if field.version <= version]
    write_result(fields_table(chosen), form, _show)


def _find(names: Sequence[str]) -> list[Field]:
    for name in names:
        if field_name(name) not in FIELDS:
            near = near_names(name)
            hint = f"; did you mean {near}?" if near else ""
            raise click.BadParameter(f"AWS has no field {name!r}{hint}", param_hint="NAME")
    return [FIELDS[field_name(name)] for name in names]


def fields_table(chosen: Sequence[Field]) -> pa.Table:
    """One row a field: name, column, version, services, parquet, arrow, about."""
    return pa.table(
        {
            "name": pa.array([field.name for field in chosen], pa.string()),
            "column": pa.array([field.column for field in chosen], pa.string()),
            "version": pa.array([field.version for field in chosen], pa.int32()),
            "services": pa.array([" ".join(field.services) for field in chosen], pa.string()),
            "parquet": pa.array([_type_of(field, "aws") for field in chosen], pa.string()),
            "arrow": pa.array([_type_of(field, "typed") for field in chosen], pa.string()),
            "about": pa.array([field.about for field in chosen], pa.string()),
        }
    )


def _type_of(field: Field, schema: str) -> str:
    type_ = field_column(field.name, "aws" if schema == "aws" else "typed").type
    if pa.types.is_dictionary(type_):
        return f"dictionary<{type_.index_type}, {type_.value_type}>"
    if pa.types.is_timestamp(type_):
        return f"timestamp[{type_.unit}, {type_.tz}]"
    return str(type_)


def _show(table: pa.Table) -> None:
    from flowparse.cli.terminal import console, grid

    rows = grid("field", "version", "parquet", "arrow", "about", right=["version"], wrap=["about"])
    for row in table.to_pylist():
        arrow = _SHORT.get(row["arrow"], row["arrow"])
        rows.add_row(row["name"], str(row["version"]), row["parquet"], arrow, row["about"])
    console().print(rows)
