"""The operations of the bonus ledger as MoySklad shows them.

a loyalty operation of the world  ->  bonustransaction (documented members: md/dictionaries/_bonus_operation.md)
"""

from datetime import datetime
from typing import Any

from sandbox.moysklad.entities import GROUP, ORGANIZATION, OWNER, PROGRAMME_ID
from sandbox.moysklad.wire import ACCOUNT_ID, at, filled, meta, reference

DRAFT_EVERY = 61  # of operations: one more was written down and never posted


def bonus_operation(
    row: dict[str, Any], *, key: str, agent: str, updated: datetime, waits: bool, parent: tuple[str, str] | None, is_posted: bool
) -> dict[str, Any]:
    """An operation of the bonus ledger: a positive value and a direction."""
    earned = row["points"] > 0
    return filled(
        {
            "meta": meta("bonustransaction", key),
            "id": key,
            "accountId": ACCOUNT_ID,
            "owner": OWNER,
            "shared": False,
            "group": GROUP,
            "updated": at(updated),
            "created": at(row["created_at"]),
            "name": f"{row['operation_id']:06d}",
            "moment": at(row["created_at"]),
            "externalCode": key.replace("-", "")[:22],
            "applicable": is_posted,
            "agent": reference("counterparty", agent),
            "organization": ORGANIZATION,
            "bonusProgram": reference("bonusprogram", PROGRAMME_ID),
            "bonusValue": abs(row["points"]),
            "transactionType": "EARNING" if earned else "SPENDING",
            "transactionStatus": "WAIT_PROCESSING" if waits else "COMPLETED",
            "categoryType": "WELCOME" if row["event"] == "welcome" else "REGULAR",
            "executionDate": f"{row['activates_on']:%Y-%m-%d} 00:00:00.000" if row["activates_on"] else at(row["created_at"]),
            "parentDocument": reference(*parent) if parent else None,
        }
    )
