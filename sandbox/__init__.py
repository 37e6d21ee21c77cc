"""The vendors' stand-ins: a simulated retailer that answers in each vendor's own wire format, for people without accounts and for tests."""
