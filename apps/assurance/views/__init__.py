"""Pages of assurance, one module per subject."""
