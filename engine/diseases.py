"""What the chronic diseases are called in Chinese, for people and paper; a city's own names come first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from engine.person import Filing

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "hypertension": "高血压",
        "diabetes": "糖尿病",
        "pulmonary_tuberculosis": "肺结核",
        "coronary_heart_disease": "冠心病",
        "bronchial_asthma": "支气管哮喘",
        "chronic_kidney_disease": "慢性肾脏病",
        "copd": "慢性阻塞性肺疾病",
        "chronic_liver_disease": "慢性肝病",
        "parkinsons_disease": "帕金森病",
        "rheumatoid_arthritis": "类风湿关节炎",
        "alzheimers_disease": "阿尔茨海默病",
        "schizophrenia_affective_psychosis": "精神分裂症（情感性精神病）",
        "malignant_tumour": "恶性肿瘤",
        "haemodialysis": "血液透析",
        "haemofiltration": "血液滤过",
        "haemophilia": "血友病",
        "severe_mental_disorder": "严重精神障碍",
        "child_rehabilitation": "残疾儿童康复治疗",
    }
)
"""The diseases that the documents at hand name; a policy file may add its own (``disease_names``)."""


def disease_name(key: str, filings: Iterable[Filing] = ()) -> str:
    """Return the name of a disease: as filed where it is filed, else the usual one."""
    for filing in filings:
        if filing.disease == key:
            return filing.name
    return NAMES.get(key, "其他病种")
