"""Errors that a person reads: one line that says what to do, and the exit code that goes with it."""


class ProductError(Exception):
    """Bad data, or the thing asked about is not well."""

    exit_code = 1


class WrongUse(ProductError):
    """A command that cannot be carried out as it was given, or an id that nobody knows."""

    exit_code = 2


class Refused(ProductError):
    """Policy says no, or the time to answer is over."""

    exit_code = 3
