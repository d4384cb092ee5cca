"""The counter's SQLite database: the only place with SQL."""
