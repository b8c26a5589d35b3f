"""Statements that copy a run of each server many times: its own calls would take minutes for ten thousand.

A copy has all that its original has, whatever columns there are; only its ids, its name and its metrics are its own.
"""

#: Spread over the unit interval, no two alike among ten thousand.
_SPREAD = "(n * 7919 %% 10007 / 10007.0)::float8"
_VALUE = f"CASE {{name}} WHEN 'auc' THEN {_SPREAD} ELSE 1 - {_SPREAD} END"
_COPY = """
INSERT INTO {table} SELECT made.* FROM {table} one
CROSS JOIN generate_series(1, %(times)s::int) n
CROSS JOIN LATERAL jsonb_populate_record(one, jsonb_build_object({changes})) made
WHERE one.{run} = %(run)s
"""


def _copy(table: str, run: str, **changes: str) -> str:
    pairs = ", ".join(f"'{column}', {value}" for column, value in changes.items())
    return _COPY.format(table=table, run=run, changes=pairs)


def copies_of_mlgov() -> tuple[str, ...]:
    """The runs without their events of audit, which are not searched; a trigger keeps the last values of metrics."""
    # As time-ordered as those that the portal makes.
    run = "(lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid"
    return (
        "SET LOCAL session_replication_role = replica",
        _copy("experiments_run", "id", id=run, name="'seed-' || n"),
        "SET LOCAL session_replication_role = origin",
        _copy(
            "experiments_metric",
            "run_id",
            id="gen_random_uuid()",
            run_id=run,
            value=_VALUE.format(name="one.name"),
        ),
    )


def copies_of_mlflow() -> tuple[str, ...]:
    """What a run has of its own in the tables of MLflow's server."""
    run = "md5('seed-' || n)"
    value = _VALUE.format(name="one.key")
    return (
        _copy("runs", "run_uuid", run_uuid=run, name="'seed-' || n"),
        *(_copy(table, "run_uuid", run_uuid=run, value=value) for table in ("metrics", "latest_metrics")),
        *(_copy(table, "run_uuid", run_uuid=run) for table in ("params", "tags")),
    )
