"""Every KPI a second time, in pandas: written from the definitions (the register and the columns' descriptions), not from the SQL.

    published core tables  ──►  one function per mart, by family  ──►  the mart itself, number by number (test_recomputed.py)

Input are orders, messages, tickets and the other core tables as they are published, never another KPI mart: what cannot be worked
out from them, a sceptical analyst could not take apart either. Where a flag or a duration of these tables is what a KPI means (in time,
after an opt-out, about an order, a touch, a purchase of a session), it is worked out again from events that the warehouse alone holds.
test_rules.py says which rules are read here. Clarity goes before speed; nothing of it runs outside tests.

    python -m tests.recomputed <duckdb file> [mart …]     compare the marts of any published or built file
"""
