"""Rows for tests, one module per room. States are reached by the moves of the tables, because
the database refuses any other way."""
