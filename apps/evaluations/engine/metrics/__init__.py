"""What the engine can measure, one module per kind of table."""
