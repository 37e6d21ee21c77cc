"""The methods of the exchange: call history, extensions, the user.

    World, the clock  ->  `Methods.routes`  ->  the pages that API 1.0 answers
"""

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import encode
from sandbox.telphin import wire
from sandbox.telphin.gate import Gate, answer

if TYPE_CHECKING:
    from sandbox.server import Sandbox

API, VENDOR = "/api/ver1.0", "telphin"
PER_PAGE, MOST_PER_PAGE = 20, 100
FIRST_ID, FIRST_QUEUE, MENU, SPARE_SET = 468_900, 9100, "9000", "0999"


class Methods:
    """The exchange of one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox, self._world, self._gate = sandbox, sandbox.world, Gate(sandbox)

    def routes(self) -> list[Route]:
        """Every address, with and without its last slash."""
        found = [Route("/oauth/token", self._gate.token, methods=["POST"])]
        for path, method, is_statistics in (
            ("/user", self._user, False),
            ("/client/{owner}/call_history", self._call_history, True),
            ("/client/{owner}/call_history/{key}", self._call, True),
            ("/client/{owner}/extension", self._extensions, False),
            ("/client/{owner}/extension/{key}", self._extension, False),
        ):
            def admitted(request: Request, method: Any = method, is_statistics: bool = is_statistics) -> Response:
                return self._gate.admit(request, method, is_statistics=is_statistics)

            found += [Route(API + path, admitted), Route(f"{API}{path}/", admitted)]
        return found

    def _user(self, request: Request) -> Response:
        return answer({"client_id": wire.OWNER_ID, "login": "omnimart"})

    def _call_history(self, request: Request) -> Response:
        if not _is_ours(request):
            return answer({"message": "Not found"}, 404)
        given = request.query_params
        try:
            since, until = datetime.fromisoformat(given["start_datetime"]), datetime.fromisoformat(given["end_datetime"])
            page, per_page = int(given.get("page", 1)), min(MOST_PER_PAGE, int(given.get("per_page", PER_PAGE)))
        except (KeyError, ValueError):
            return answer({"message": "Bad request"}, 400)
        order = "asc" if given.get("order") == "asc" else "desc"
        started, ended = self._times
        now = np.datetime64(self._sandbox.now().replace(tzinfo=None), "us")
        is_ours = ~self._world.calls["is_external"].to_numpy()
        within = (started >= np.datetime64(since, "us")) & (started <= np.datetime64(until, "us")) & (ended <= now)
        found = np.flatnonzero(within & is_ours)
        found = found[np.argsort(started[found], kind="stable")]
        if given.get("flow") in ("in", "out"):
            found = found[[self._calls[number]["direction"] == given["flow"] for number in found]]
        shown = (found if order == "asc" else found[::-1])[(page - 1) * per_page : page * per_page]
        records = b",".join(self._record(int(number)) for number in shown)
        head = encode({"page": page, "per_page": per_page, "order": order})[:-1]
        return Response(head + b',"call_history":[' + records + b"]}", media_type="application/json")

    def _call(self, request: Request) -> Response:
        number = self._numbers.get(request.path_params["key"].upper())
        if not _is_ours(request) or number is None or self._calls[number]["ended_at"] > self._sandbox.now().replace(tzinfo=None):
            return answer({"message": "Not found"}, 404)
        return Response(self._record(number), media_type="application/json")

    def _extensions(self, request: Request) -> Response:
        if not _is_ours(request):
            return answer({"message": "Not found"}, 404)
        given = request.query_params
        listed = [one for one in self._sets() if given.get("type") in (None, one["type"])]
        page, per_page = int(given.get("page", 1)), min(MOST_PER_PAGE, int(given.get("per_page", PER_PAGE)))
        shown = listed[(page - 1) * per_page : page * per_page]
        body = b",".join(self._sandbox.tampering.apply(VENDOR, "extension", one["id"], one) for one in shown)
        return Response(b"[" + body + b"]", media_type="application/json")

    def _extension(self, request: Request) -> Response:
        found = [one for one in self._sets() if str(one["id"]) == request.path_params["key"]]
        return answer(found[0]) if found and _is_ours(request) else answer({"message": "Not found"}, 404)

    def _record(self, number: int) -> bytes:
        row = self._calls[number]
        record = wire.call(row, self._legs_of(row), self._ids)
        return self._sandbox.tampering.apply(VENDOR, "calls", record["call_uuid"], record)

    def _legs_of(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """The legs in their order, with the extensions of menu and queue; a message is left at a mailbox, which the world does not tell."""
        numbers = {"ivr": MENU, "queue": self._queues.get(row["queue"], str(FIRST_QUEUE))}
        legs = self._world.grouped("call_legs", "call_id").get(row["call_id"], [])
        legs = [{**leg, "extension": numbers.get(leg["kind"], leg["extension"] or row["extension"] or SPARE_SET)} for leg in legs]
        if row["result"] == "voicemail" and legs:
            beep = row["started_at"] + (row["ended_at"] - row["started_at"]) / 2
            legs[-1] = {**legs[-1], "ended_at": beep}
            legs.append({"leg_id": row["call_id"], "kind": "phone", "extension": SPARE_SET, "employee_id": None, "started_at": beep,
                         "answered_at": beep, "ended_at": row["ended_at"], "result": "voicemail"})
        return legs

    def _sets(self) -> list[dict[str, Any]]:
        """Every extension as it stands now; the set of somebody who has left is blocked, that of somebody yet to come is not there."""
        now = self._sandbox.now().replace(tzinfo=None)
        staff = {row["employee_id"]: row for row in self._world.rows("employees")}
        found = [wire.extension(self._ids[wire.username(MENU)], wire.username(MENU), "ivr", "Голосовое меню"),
                 wire.extension(self._ids[wire.username(SPARE_SET)], wire.username(SPARE_SET), "phone", None)]
        found += [wire.extension(self._ids[wire.username(number)], wire.username(number), "queue", name)
                  for name, number in self._queues.items()]
        for name, employee_id in self._owners.items():
            owner = staff.get(employee_id)
            if owner is None or owner["hired_at"] <= now:
                left = bool(owner and owner["dismissed_at"] and owner["dismissed_at"] <= now)
                found.append(wire.extension(self._ids[name], name, "phone", owner and owner["name"], is_active=not left))
        return sorted(found, key=lambda one: one["id"])

    @cached_property
    def _calls(self) -> list[dict[str, Any]]:
        return self._world.rows("calls")

    @cached_property
    def _times(self) -> tuple[np.ndarray, np.ndarray]:
        """When each call began, to the second as it is told, and when it ended."""
        calls = self._world.calls
        return calls["started_at"].to_numpy().astype("datetime64[s]").astype("datetime64[us]"), calls["ended_at"].to_numpy()

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {wire.call_uuid(row): number for number, row in enumerate(self._calls) if not row["is_external"]}

    @cached_property
    def _queues(self) -> dict[str, str]:
        names = sorted({row["queue"] for row in self._calls if row["queue"]})
        return {name: str(FIRST_QUEUE + number) for number, name in enumerate(names)}

    @cached_property
    def _owners(self) -> dict[str, int | None]:
        """Whose set it is, by its name."""
        legs = [row for row in self._world.rows("call_legs") if row["kind"] == "phone" and row["extension"]]
        pairs = {wire.username(row["extension"]): row["employee_id"] for row in [*legs, *self._calls] if row["extension"]}
        return dict(sorted(pairs.items()))

    @cached_property
    def _ids(self) -> dict[str, int]:
        names = [*map(wire.username, [MENU, SPARE_SET, *self._queues.values()]), *self._owners]
        return {name: FIRST_ID + number for number, name in enumerate(dict.fromkeys(names))}


def _is_ours(request: Request) -> bool:
    return request.path_params["owner"] in ("@me", str(wire.OWNER_ID))
