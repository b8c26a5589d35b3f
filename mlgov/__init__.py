"""The Django project: settings, addresses, Celery, and the embedded PostgreSQL. No domain."""
