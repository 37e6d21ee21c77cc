"""Every KPI a second time, in pandas: written from the definitions (the register and the columns' descriptions), not from the SQL.

    published core tables  ──►  one function per mart, by family  ──►  the mart itself, number by number (test_recomputed.py)

Input are orders, messages, tickets and the other core tables as they are published, never another KPI mart: what cannot be worked
out from them, a sceptical analyst could not take apart either. Clarity goes before speed here; nothing of it runs outside tests.

    python -m tests.recomputed <duckdb file> [mart …]     compare the marts of any published or built file
"""
