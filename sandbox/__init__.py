"""The vendors stand-ins: a simulated retailer, served in each vendor's own wire format. Run: python -m sandbox --help."""
