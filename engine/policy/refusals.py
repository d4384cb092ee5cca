"""Why a claim, or a line of it, is not paid: every check of the contract, in the contract's order."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date

from engine.calendar import months_later
from engine.policy.answer import Clause, Refusal
from engine.policy.claim import Claim, ClaimPrescription, Line, Patient, Provider
from engine.policy.messages import BENEFIT_NAMES, SOURCE_NAMES, refusal_message
from engine.policy.packs import Library, Pack
from engine.policy.provisions import GoodFor, Provision, Supply
from engine.policy.ruling import PrescriptionTerms, Ruling


def whole_claim(ruling: Ruling, claim: Claim) -> list[Refusal]:
    """Return every refusal of the claim as a whole, in order; an empty list where it stands."""
    found: list[Refusal] = []
    provider, patient = claim.provider, claim.patient
    if ruling.designated and not provider.designated:
        found.append(_refuse("provider_not_designated", ruling.designated))
    if ruling.offsite_not_filed:
        found.append(_refuse("offsite_not_filed", ruling.offsite_not_filed))
        return found
    coverage = ruling.coverage
    if coverage is not None and not coverage.value:
        found.append(_refuse("provider_kind_not_covered", coverage))
        return found
    found += _provider_refusals(ruling, provider, patient)
    if patient.in_hospital and ruling.not_in_hospital:
        found.append(_refuse("in_hospital", ruling.not_in_hospital))
    if patient.concurrent_benefits:
        found += _concurrent(ruling, patient)
    prescription = claim.prescription
    if ruling.prescription is not None:
        if prescription is None:
            found.append(_refuse("no_prescription", ruling.prescription))
            return found
        found += _prescription_refusals(
            ruling.prescription_terms(prescription.source), prescription, claim.day
        )
    if prescription is not None:
        found += _supply_refusals(ruling, prescription)
    return found


def _provider_refusals(ruling: Ruling, provider: Provider, patient: Patient) -> list[Refusal]:
    found = []
    if ruling.listed and not provider.listed:
        found.append(_refuse("provider_not_listed", ruling.listed))
    if not patient.referred:
        if ruling.agreed_or_referred and patient.agreed_provider != provider.id:
            found.append(_refuse("not_agreed_provider", ruling.agreed_or_referred))
        if ruling.referred:
            found.append(_refuse("no_referral", ruling.referred))
    if ruling.dual_channel and not provider.dual_channel:
        found.append(_refuse("provider_not_dual_channel", ruling.dual_channel))
    return found


def _concurrent(ruling: Ruling, patient: Patient) -> Iterator[Refusal]:
    """Yield one refusal, whichever of the benefits that exclude this one are enjoyed."""
    enjoyed = patient.concurrent_benefits
    excluding = {
        "ordinary_outpatient": ruling.no_ordinary_outpatient,
        "ltc_special_care": ruling.no_ltc_special_care,
    }
    resting = [provision for benefit, provision in excluding.items() if provision and benefit in enjoyed]
    if resting:
        names = "、".join(BENEFIT_NAMES[provision.subject] for provision in resting)
        yield _refuse("concurrent_benefit", resting[0], benefit=names)


def _prescription_refusals(
    terms: PrescriptionTerms, prescription: ClaimPrescription, day: date
) -> Iterator[Refusal]:
    if prescription.source not in terms.accepted and terms.sources is not None:
        accepted = "、".join(name for code, name in SOURCE_NAMES.items() if code in terms.accepted)
        source = SOURCE_NAMES[prescription.source]
        yield _refuse("prescription_source_not_accepted", terms.sources, source=source, accepted=accepted)
    if terms.issuer and not prescription.issuer_designated:
        yield _refuse("prescription_issuer_not_designated", terms.issuer)
    clause = terms.good_for_clause
    if day < prescription.issued:
        message = refusal_message("prescription_not_yet_valid", issued=prescription.issued)
        yield Refusal(None, "prescription_not_yet_valid", clause, message)
    last = last_good_day(terms.good_for, prescription)
    if day.toordinal() > last:
        until = date.fromordinal(last)
        message = refusal_message("prescription_expired", issued=prescription.issued, until=until)
        yield Refusal(None, "prescription_expired", clause, message)
    if terms.confirmed and not prescription.confirmed:
        yield _refuse("prescription_not_confirmed", terms.confirmed)


def last_good_day(good_for: GoodFor, prescription: ClaimPrescription) -> int:
    """Return the last day (its ordinal) on which ``prescription`` may be used."""
    issued = prescription.issued.toordinal()
    if prescription.valid_until is None:
        return issued
    noted = prescription.valid_until.toordinal()
    if good_for.days is None:
        return noted
    return min(noted, issued + good_for.days - (0 if good_for.after_issue else 1))


def _supply_refusals(ruling: Ruling, prescription: ClaimPrescription) -> Iterator[Refusal]:
    terms = ruling.supply_terms(prescription.travel)
    if terms is None:
        return
    longest, words = longest_supply(terms.supply, prescription.issued)
    if prescription.supply_days > longest:
        days = prescription.supply_days
        yield _refuse("supply_too_long", terms.provision, days=days, longest=words)


def longest_supply(supply: Supply, issued: date) -> tuple[int, str]:
    """Return the most days that a prescription of that day may be for, and how people say it."""
    if supply.months is not None:
        longest = days_of_months(issued, supply.months)
        return longest, f"{supply.months} 个月（自开具日起 {longest} 天）"
    return supply.days or 0, f"{supply.days or 0} 天"


def days_of_months(issued: date, months: int) -> int:
    """Return the days from ``issued`` to the same day ``months`` on, clamped to that month's end."""
    if issued.year > 9000:
        # Years beyond 9999 do not exist for the computer; the calendar repeats every 400 years.
        issued = issued.replace(year=issued.year - 400)
    return months_later(issued, months).toordinal() - issued.toordinal()


def of_line(
    ruling: Ruling,
    line: Line,
    claim: Claim,
    diseases: Container[str] | None,
    *,
    pack: Pack,
    library: Library,
) -> list[Refusal]:
    """Return every refusal of one line, in order; ``diseases`` are those covered, None where none count."""
    found: list[Refusal] = []
    disease = line.disease
    if line.klass == "C" and ruling.in_catalogue:
        found.append(_refuse_line("not_in_catalogue", ruling.in_catalogue.clause, line, library))
    if diseases is not None and pack.diseases_provision is not None:
        clause = pack.diseases_provision.clause
        if disease is None:
            found.append(_refuse_line("no_disease", clause, line, library))
        elif disease not in diseases:
            found.append(_refuse_line("disease_not_covered", clause, line, library))
        elif ruling.filed and disease not in claim.patient.filed_diseases:
            found.append(_refuse_line("disease_not_filed", ruling.filed.clause, line, library))
    if not line.in_scope and ruling.in_scope:
        found.append(_refuse_line("drug_out_of_scope", ruling.in_scope.clause, line, library))
    if ruling.ordinary_exhausted and not claim.accumulators.ordinary_exhausted:
        found.append(_refuse_line("ordinary_not_exhausted", ruling.ordinary_exhausted.clause, line, library))
    if ruling.negotiated and not line.negotiated:
        found.append(_refuse_line("not_negotiated_drug", ruling.negotiated.clause, line, library))
    return found


def _refuse(code: str, provision: Provision, **figures: object) -> Refusal:
    return Refusal(None, code, provision.clause, refusal_message(code, provision.advice, **figures))


def _refuse_line(code: str, clause: Clause, line: Line, library: Library) -> Refusal:
    disease = library.disease_name(line.disease) if line.disease else ""
    return Refusal(line.id, code, clause, refusal_message(code, drug=line.drug, disease=disease))
