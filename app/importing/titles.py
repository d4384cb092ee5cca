"""The kinds of file that can be imported, in words."""

from __future__ import annotations

PAGES = {
    "1312": "医保目录（1312）",
    "1316": "目录对照（1316）",
    "1318": "医保限价（1318）",
    "1319": "先自付比例（1319）",
}
TITLES: dict[str, str] = {
    "national": "国家医保药品数据库",
    "list": "医保药品目录",
    "slices": "中药饮片目录",
    "procured": "集中采购结果",
    "prices": "价格文件",
    "shop": "本店商品表",
    "ranges": "慢性病药品范围",
    "diagnoses": "疾病诊断（ICD-10）",
    "1301": "医保中心药品（1301）",
    **PAGES,
}
"""Every kind by name, in the order in which a person is asked."""
