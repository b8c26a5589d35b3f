"""The demonstration: a mortgage lender governs two models, on real data, through the REST API."""
