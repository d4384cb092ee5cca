"""What the journal says is read again letter by letter, years later, or its damage is found."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.resources import resource
from app.storage import journal, migrations, packing
from app.storage.connection import open_database, transaction

KEY = bytes(range(32))
AT = datetime(2026, 11, 22, tzinfo=UTC)
SALE = (
    '{"number":"01-000001","store":{"provider":{"id":"P33068100001"}},"patient":5356,"text":"乙类先行自付"}'
)
PACKED_THEN = bytes.fromhex("78bb01c004c9c3320e6c887f7c17792f4d6d2d5218991a9b9aa1154328b70bd50200fcf126ad")


@given(st.text())
def test_any_text_comes_back_to_the_letter(text: str) -> None:
    assert packing.unpack(packing.pack(text)) == text
    assert packing.unpack(text) == text


def test_what_was_packed_by_the_first_program_that_packed_is_still_read() -> None:
    assert packing.unpack(PACKED_THEN) == SALE


def test_the_known_text_is_never_edited() -> None:
    known = resource(packing.KNOWN).read_bytes().replace(b"\r\n", b"\n")

    assert (
        hashlib.sha256(known).hexdigest()
        == "c6dda629ae56b9d7c8717c8821530ac7ef1b94eaa185945db640df157ca27aca"
    )


@given(st.text(min_size=1), st.data())
def test_a_text_with_a_wrong_bit_is_never_read_as_another(text: str, data: st.DataObject) -> None:
    packed = bytearray(packing.pack(text))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with suppress(ValueError):
        assert packing.unpack(bytes(packed)) == text


@given(st.text(), st.integers(1, 40))
def test_a_text_that_was_cut_is_refused(text: str, cut: int) -> None:
    packed = packing.pack(text)

    with pytest.raises(ValueError, match="packed text"):
        packing.unpack(packed[:-cut])


@pytest.mark.parametrize(
    "stored", [b"", b"nonsense", packing.pack(SALE)[:-3], packing.pack(SALE.replace("1", "9"))]
)
def test_an_entry_whose_stored_text_was_spoiled_is_found_by_the_check_of_the_chain(
    tmp_path: Path, stored: bytes
) -> None:
    db = open_database(tmp_path / "counter.db", KEY)
    migrations.migrate(db)
    with transaction(db):
        journal.append(db, "sale", SALE, AT)
        journal.append(db, "sale", SALE, AT)
    db.execute("DROP TRIGGER journal_never_updated")
    db.execute("UPDATE journal SET body = ? WHERE number = 1", (stored,))

    assert [fault.number for fault in journal.verify(db)] == [1]
    db.close()
