"""What the pharmacist reads when the law refuses: what is the matter, and what to do next."""

from __future__ import annotations

_SELF_PAY = "如本人愿意自费，可按自费结算。"

MESSAGES: dict[str, tuple[str, str]] = {
    "no_policy_in_force": (
        "参保地在结算当日没有可用的医保政策。",
        "请按自费结算；如参保人认为应当报销，请保留票据，向参保地医保经办机构咨询。",
    ),
    "provider_not_designated": (
        "本机构不是医保定点机构，医保基金不支付。",
        "请按自费结算，或请参保人到定点医药机构购药。",
    ),
    "offsite_not_filed": (
        "本机构不在参保地，也不在参保人备案的异地居住地。",
        "请参保人先向参保地医保经办机构办理异地长期居住备案，或回参保地就医购药；现在可按自费结算。",
    ),
    "provider_kind_not_covered": (
        "参保地的这项待遇不支付在本类机构发生的费用。",
        "请参保人到政策列明的定点机构就医购药；现在可按自费结算。",
    ),
    "provider_not_listed": (
        "本药店不在这项待遇的指定药店名单内。",
        "请参保人到名单内的指定药店（含便民服务点）购药；现在可按自费结算。",
    ),
    "not_agreed_provider": (
        "本机构不是参保人约定的基层医疗机构，也没有转诊。",
        "请参保人到约定的基层医疗机构就医，或由该机构办理转诊；现在可按自费结算。",
    ),
    "no_referral": (
        "没有约定的基层医疗机构开具的转诊。",
        "请参保人先到约定的基层医疗机构就医并办理转诊；现在可按自费结算。",
    ),
    "provider_not_dual_channel": (
        "本药店不是“双通道”定点零售药店。",
        "请参保人到“双通道”药店或定点医疗机构购药；现在可按自费结算。",
    ),
    "in_hospital": (
        "参保人正在住院，住院期间不享受这项待遇。",
        "请参保人在所住医院用药，出院后再来；如住院登记有误，请先由医院更正。",
    ),
    "concurrent_benefit": (
        "参保人正在享受不能同时享受的其他待遇（{benefit}）。",
        "请向参保地医保经办机构核实；该项待遇结束后再结算，现在可按自费结算。",
    ),
    "no_prescription": (
        "没有处方，医保基金不支付。",
        "请参保人出示有效处方后录入，再结算；" + _SELF_PAY,
    ),
    "prescription_source_not_accepted": (
        "这项待遇不接受此来源的处方（{source}）。",
        "请参保人换用可接受的处方（{accepted}）；" + _SELF_PAY,
    ),
    "prescription_issuer_not_designated": (
        "开具处方的机构不是医保定点机构。",
        "请参保人到定点医疗机构重新开具处方；" + _SELF_PAY,
    ),
    "prescription_not_yet_valid": (
        "处方开具日期为 {issued}，晚于结算当日，尚未生效。",
        "请核对处方日期；日期无误的，请参保人在该日或之后再来。",
    ),
    "prescription_expired": (
        "处方自 {issued} 开具，有效至 {until}，现已过期。",
        "请参保人到原医疗机构重新开具处方；" + _SELF_PAY,
    ),
    "prescription_not_confirmed": (
        "处方未经定点医疗机构在医保平台确认。",
        "请联系开具处方的医疗机构完成确认后再结算；" + _SELF_PAY,
    ),
    "supply_too_long": (
        "处方用量 {days} 天，超过最长 {longest}。",
        "请医师按规定的用量重新开具处方后再结算；" + _SELF_PAY,
    ),
    "not_in_catalogue": (
        "药品 {drug} 不在医保目录内。",
        "请告知参保人此药须自费，或请医师换用目录内药品。",
    ),
    "no_disease": (
        "药品 {drug} 没有对应的病种。",
        "请按处方诊断为此药选定所治的病种；不属于慢性病用药的，请按自费结算。",
    ),
    "disease_not_covered": (
        "药品 {drug} 所治的“{disease}”不在这项待遇的病种范围内。",
        "请核对处方诊断与病种；确实不在范围内的，请按自费结算。",
    ),
    "disease_not_filed": (
        "参保人的“{disease}”尚未备案，药品 {drug} 不能享受待遇。",
        "请参保人先办理该病种的备案（资格确认），备案后再结算；现在可按自费结算。",
    ),
    "drug_out_of_scope": (
        "药品 {drug} 不在这项待遇的药品范围或限定支付范围内。",
        "请告知参保人此药须自费，或请医师换用范围内药品。",
    ),
    "ordinary_not_exhausted": (
        "普通门诊待遇尚未用完，药品 {drug} 暂不能按这项待遇支付。",
        "请先按普通门诊待遇结算，用完后再享受这项待遇。",
    ),
    "not_negotiated_drug": (
        "药品 {drug} 不是国家谈判药品，在药店不予支付。",
        "请参保人到定点医疗机构配取此药；现在可按自费结算。",
    ),
}

SOURCE_NAMES = {
    "external": "外配处方",
    "electronic": "流转电子处方",
    "internet_hospital": "互联网医院平台处方",
}

BENEFIT_NAMES = {
    "no_ordinary_outpatient": "普通门诊统筹",
    "no_ltc_special_care": "长期护理保险医疗专护",
}


def refusal_message(code: str, advice: str = "", **figures: object) -> str:
    """Return the message for ``code``; a pack's own ``advice`` stands in for the usual one."""
    what, usual = MESSAGES[code]
    return what.format(**figures) + (advice or usual.format(**figures))
