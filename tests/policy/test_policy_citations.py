"""What a clause names exists: the document is declared by the pack, the section is printed in it."""

import re
from pathlib import Path

import pytest

from tests.fakes.policy_requests import library

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"
TEXTS = {
    "绍市医保〔2019〕26号": "000_*.txt",
    "无锡市两病门诊用药保障实施意见（2019-12-12）": "001_*.txt",
    "绍政办发〔2023〕40号": "002_*.txt",
    "聊城市基本医疗保险门诊慢特病管理办法（征求意见稿）": "003_*.txt",
    "鄂州市优化职工医保门诊统筹便民服务措施清单": "004_*.txt",
}
PROVISIONS = [
    pytest.param(pack, provision, id=f"{pack.id} {provision.key}")
    for pack in library().packs
    for provision in pack.provisions
]


@pytest.mark.parametrize("pack, provision", PROVISIONS)
def test_every_clause_names_a_document_that_its_pack_declares(pack, provision):
    assert provision.clause.document in pack.documents


@pytest.mark.skipif(not SEEDS.exists(), reason="the five documents are not beside this checkout")
@pytest.mark.parametrize("provision", [pytest.param(p.values[1], id=p.id) for p in PROVISIONS])
def test_every_section_is_printed_in_its_document(provision):
    [path] = SEEDS.glob(TEXTS[provision.clause.document])
    # The Shaoxing print of 2019 mixes both widths of brackets; citations use one.
    text = path.read_text(encoding="utf-8").replace("(", "（").replace(")", "）")

    for heading in re.findall(
        r"第.+?条|（.）|（十.）|^[一二三四五六七八九十](?=（|$)|\d", provision.clause.section
    ):
        after = {"第": "", "（": ""}.get(heading[0], "[、.]")
        assert re.search(rf"^{re.escape(heading)}{after}", text, re.MULTILINE), heading
