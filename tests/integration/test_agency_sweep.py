"""``python -m agency trueup``: the sweep ends leases whose time is over and applies the law as it is now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agency.__main__ import main
from agency.storage import leases
from agency.storage.leases import EXPIRED
from engine.protocol.lease import LeaseAsk, LeaseRequest, lease_input
from tests.fakes.agency_line import NOW, Bureau, person
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import DAYS


def test_sweep_reclaims_what_is_over_and_says_how_much_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bureau = Bureau(tmp_path)
    bureau.start_at(NOW - 400 * DAYS)  # So long ago that it is over by any clock.
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    psn_no = person("王秀英").psn_no
    asked = LeaseRequest(until=bureau.clock.at + DAYS, asks=(LeaseAsk(psn_no=psn_no),))
    till.call("SY01", lease_input(asked))
    (id_,) = (row[0] for row in bureau.db.execute("SELECT id FROM lease").fetchall())

    assert main(["trueup", "--data", str(tmp_path), "--region", "3306"]) == 0

    assert json.loads(capsys.readouterr().out) == {"reclaimed": 1, "computed": 0}
    kept = leases.lease(bureau.db, psn_no, id_)
    assert kept is not None
    assert kept.state == EXPIRED
    bureau.close()


def test_region_that_is_none_is_refused_by_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["trueup", "--data", str(tmp_path), "--region", "绍兴"])
