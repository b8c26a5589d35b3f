"""Django's backend for PostgreSQL, with another way to find that a pooled connection is broken."""
