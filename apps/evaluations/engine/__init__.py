"""Evaluate prediction tables: plain Python over numpy, scipy and pyarrow, usable without the portal.

``python -m apps.evaluations.engine table.parquet --label approve --score score --sensitive race`` prints a report.
"""

ENGINE_VERSION = "2.1"
SCHEMA_VERSION = 2
#: Metrics that are better when they are small.
LOWER_IS_BETTER = frozenset(
    {
        *("brier", "log_loss", "mae", "rmse", "mape", "smape", "mase", "hamming_loss", "error_rate"),
        *("median_absolute_error", "p90_absolute_error", "davies_bouldin", "false_abstention"),
        *(
            "latency_mean",
            "latency_p50",
            "latency_p95",
            "latency_p99",
            "cost_per_query",
            "fpr",
            "fnr",
            "lr_negative",
        ),
    }
)
