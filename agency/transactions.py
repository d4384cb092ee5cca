"""Which function carries out which transaction, and which of them change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agency import (
    catalogue_pages,
    dispensing,
    enrolment,
    eprescriptions,
    identity,
    leases,
    news,
    reconciliation,
    settling,
    stock_records,
    trips,
    undoing,
    uploads,
)
from agency.calls import Call

TRANSACTIONS: Mapping[str, Callable[[Call], str]] = {
    "1301": catalogue_pages.download,
    "1312": catalogue_pages.entries,
    "1316": catalogue_pages.matches,
    "1318": catalogue_pages.limits,
    "1319": catalogue_pages.shares,
    "9001": identity.sign_in,
    "1101": identity.person_information,
    "5301": identity.filings,
    "5206": identity.year_so_far,
    "2101": settling.presettle,
    "2102": settling.settle,
    "2103": settling.reverse,
    "2601": undoing.undo,
    "3201": reconciliation.totals,
    "3202": reconciliation.details,
    "5205": trips.medication_history,
    "7201": eprescriptions.parse_code,
    "7202": eprescriptions.waiting,
    "7203": eprescriptions.download,
    "7204": dispensing.reviewed,
    "7206": dispensing.written_off,
    "9101": reconciliation.upload,
    "SY00": enrolment.enrol,
    "SY01": leases.lease,
    "SY02": leases.close,
    "SY03": uploads.journal,
    "SY04": news.news,
    "SY05": trips.trip,
    **stock_records.TRANSACTIONS,
    "SY07": dispensing.refused_on_paper,
}
CHANGE_NOTHING = (
    *("9001", "1101", "5301", "5205", "5206", "2101", "7201", "7202", "7203"),
    *("SY01", "SY04", "SY05", "1301", *catalogue_pages.PAGES),
)
"""Nobody needs the first answer to these for long."""
