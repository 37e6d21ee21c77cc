"""XML that is made to break its reader is refused, in a process of its own: a chain of entities ends the process it is read in."""

import subprocess
import sys

from ingestion.accounts import REPOSITORY

TRIED = r"""
from ingestion.one_c.exchange import NotAMessage, entries
from ingestion.one_c.faults import refusal
from ingestion.one_c.metadata import NotMetadata, offered

chain = "".join(f'<!ENTITY e{n} "&e{n + 1};">' for n in range(200_000))
growing = "".join(f'<!ENTITY e{n} "{f"&e{n + 1};" * 10}">' for n in range(12))
for entities in (chain, growing):
    body = f"<?xml version='1.0'?><!-- > -->\n<!DOCTYPE feed [{entities}]><feed>&e0;</feed>".encode()
    for read, refused in ((offered, NotMetadata), (lambda body: list(entries(body)), NotAMessage)):
        try:
            read(body)
        except refused as error:
            print("it declares a document type" in str(error))
    print(refusal(body).code == "")
"""


def test_a_document_that_declares_entities_is_refused_unread():
    ended = subprocess.run([sys.executable, "-c", TRIED], cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout.split()) == (0, ["True"] * 6)
