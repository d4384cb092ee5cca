"""National code values, and ours where the nation has none; a region's own tables go into its profile.

Sources: the national interface as restated in the project's facts, sections 1.15a, 1.18 and 4.4.
"""

from __future__ import annotations

from engine.policy.claim import Class, Insurance, Status

VOUCHER, RESIDENT_ID, CARD = "01", "02", "03"
"""``mdtrt_cert_type``: what a person shows."""

CERT_TYPE_ID = "01"
PHARMACY_PURCHASE, CHRONIC_OUTPATIENT, TWO_DISEASES = "41", "140104", "9901"
CLEARING_PHARMACY = "41"
NO_PRICE_LIMIT = 999_999

WESTERN_DRUG, PATENT_DRUG, HERBAL_SLICES = "11", "12", "13"
"""``rx_item_type_code``."""

REVIEW_PASSED, REVIEW_REFUSED = "1", "2"
"""``rx_chk_stas_codg``; the values are a reading, not confirmed by any platform."""

SELF_PAID, INSURED, MIXED = "1", "2", "3"
"""``payMode`` of 7206."""

NOT_INSURED, INSURED_HERE, INSURED_ELSEWHERE = "0", "1", "2"
"""``hi_feesetl_type``."""

INSUTYPE: dict[Insurance, str] = {"employee": "310", "resident": "390"}
INSURANCE: dict[str, Insurance] = {code: insurance for insurance, code in INSUTYPE.items()}
CHRGITM_LV: dict[Class, str] = {"A": "01", "B": "02", "C": "03"}
GENDER = {"男": "1", "女": "2"}
SEX = {code: sex for sex, code in GENDER.items()}
MED_TYPE = {
    "chronic_outpatient": CHRONIC_OUTPATIENT,
    "chronic_special_outpatient": CHRONIC_OUTPATIENT,
    "two_disease_drugs": TWO_DISEASES,
}
"""``med_type`` by a pack's benefit; every other one is a purchase at a pharmacy."""

POOLED_FUND: dict[Insurance, tuple[str, str]] = {
    "employee": ("310101", "城镇职工基本医疗保险统筹基金"),
    "resident": ("390101", "城乡居民基本医疗保险统筹基金"),
}
ASSISTANCE_FUND = ("610101", "医疗救助基金")

DEDUCTIBLE_PAID = "Q0000"
FUND_PAID: dict[Insurance, str] = {"employee": "D310101", "resident": "D390101"}
ORDINARY_FUND_PAID = "SY_ORDINARY"
ORDINARY_EXHAUSTED = "SY_ORD_END"
CLASS_B_FUND_PAID = "SY_CLASS_B"
POOL_FUND_PAID = "SY_POOL"
"""``cum_type_code``: the SY_ ones are ours (C10); ORDINARY_EXHAUSTED is 1.00 for yes."""

DISEASE_CODE = {
    "hypertension": "M03900",
    "diabetes": "M01600",
    "pulmonary_tuberculosis": "M00105",
    "coronary_heart_disease": "M04600",
    "bronchial_asthma": "M05400",
    "copd": "M05300",
    "parkinsons_disease": "M02300",
    "rheumatoid_arthritis": "M06900",
    "haemodialysis": "M07803",
    "haemophilia": "M01200",
}
"""National codes of the diseases that have one alone; any other travels under its own key."""

_DISEASE = {code: disease for disease, code in DISEASE_CODE.items()}


def disease_code(disease: str) -> str:
    """Return the national code of a disease, or its own key where there is none."""
    return DISEASE_CODE.get(disease, disease)


def disease_of(code: str) -> str:
    """Return the disease that a national code, or a key of ours, stands for."""
    return _DISEASE.get(code, code)


def item_type(drug: str) -> str:
    """Return the kind of a prescribed drug, by its national code."""
    return {"Z": PATENT_DRUG, "T": HERBAL_SLICES}.get(drug[:1], WESTERN_DRUG)


def psn_type(insurance: Insurance, status: Status | None) -> str:
    """Return the person's category: 11 in work, 12 retired, 15 adult resident."""
    if insurance == "resident":
        return "15"
    return "12" if status == "retired" else "11"


def status_of(code: str) -> Status | None:
    """Return whether a category is in work or retired; None for residents."""
    if code.startswith("11"):
        return "active"
    return "retired" if code.startswith("12") else None
