"""The long proofs, run by `make torture` and not by the suite: `python -m tests.torture` lists them."""
