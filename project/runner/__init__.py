"""Runs the whole product from one terminal; `make run` ends up here."""
