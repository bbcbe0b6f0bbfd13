"""The matching engine on small vocabularies of its own: what counts, what cancels, what is only a lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import DataError
from registry.match import EXCERPT, Match, build_matcher, match, supplier_of
from registry.names import fold, fold_with_offsets, supplier_key
from registry.patterns import phrase_table
from registry.scan import promising, scan
from registry.vocabulary import (
    Examples,
    Name,
    Negative,
    Product,
    Supplier,
    SupplierEvidence,
    Technology,
    WeakTerms,
    check_vocabulary,
    names_index,
    vocabulary_hashes,
)

MEMORY = SupplierEvidence(basis="memory")


def technology(slug: str, terms: list[str], **more: object) -> Technology:
    fields = {"slug": slug, "name": slug, "definition": "x", "terms": terms, "source": "x", "evidence": "M"}
    return Technology(**{**fields, "examples": Examples(match=[], not_match=[]), **more})  # type: ignore[arg-type]


def supplier(slug: str, name: str, technologies: list[str], **more: object) -> Supplier:
    fields = {"slug": slug, "name": name, "technologies": technologies, "specialist": "yes", "evidence": MEMORY}
    return Supplier(**{**fields, **more})  # type: ignore[arg-type]


PLATES = technology(
    "plates",
    ["license plate reader", "lpr"],
    weak_terms=[WeakTerms(terms=["scanner"], context=["scofflaw"])],
    negative=Negative(near=["license plate reader sticker"], in_text=["typography"], anywhere=["car wash"]),
    spellings={"license": ["licence"]},
)
CAMERAS = technology("cameras", ["security camera", "surveillance"], in_company_names="no")
SEERS = supplier(
    "seers-inc",
    "Seers, Inc.",
    ["plates"],
    aliases=["Seers Ltd", Name(name="Hawk", context=["plates"])],
    negative=Negative(anywhere=["furniture"]),
    products=[
        Product(slug="seers-eye", name="Seers Eye", technology="plates", face="no", basis="memory", aliases=["SeersEye"]),
        Product(
            slug="seers-spot",
            name="Spot",
            technology="cameras",
            face="optional",
            basis="memory",
            aliases=[Name(name="Spot", context=["robot"])],
        ),
    ],
)
SHOP = supplier("shop", "Shop of Everything", ["cameras"], specialist="no")
TECHNOLOGIES = {one.slug: one for one in (PLATES, CAMERAS)}
SUPPLIERS = {one.slug: one for one in (SEERS, SHOP)}
MATCHER = build_matcher(TECHNOLOGIES, SUPPLIERS)


def found(title: str, company: str = "", unit: str = "", description: str = "") -> set[tuple[str, str]]:
    return {(one.technology, one.evidence) for one in match(MATCHER, title, description, company, unit)}


@pytest.mark.parametrize(
    "title",
    [
        "LICENSE PLATE READERS",
        "license-plate  reader",
        "Licence plate reader",
        "Liçense Plate Reader",
        "\uff2c\uff30\uff32 upgrade",
        "LİCENSE PLATE READER",
        "two LPRs",
        "(LPR)",
    ],
)
def test_one_term_in_many_spellings(title: str) -> None:
    assert found(title) == {("plates", "term")}


@pytest.mark.parametrize("title", ["license plates", "xlpr", "lprx", "license to plate a reader", "", "scanner"])
def test_parts_of_words_and_weak_terms_do_not_count(title: str) -> None:
    assert found(title) == set()


@pytest.mark.parametrize("title", ["surviellance", "SURVEILANCE", "surveillanec"])
def test_one_slip_in_a_long_word(title: str) -> None:
    assert found(title) == {("cameras", "term")}
    assert found("surveyance") == set()


def test_long_s_and_kelvin_sign_are_letters() -> None:
    assert found("ſecurity camera") == {("cameras", "term")}
    assert fold("\u212aey ſafe") == "key safe"


@pytest.mark.parametrize(
    ("title", "unit", "description"),
    [("scanner for scofflaw cars", "", ""), ("scanner", "Scofflaw Unit", ""), ("scanner", "", "all scofflaws")],
)
def test_weak_term_with_context(title: str, unit: str, description: str) -> None:
    assert found(title, unit=unit, description=description) == {("plates", "term")}


def test_weak_term_with_a_specialist_is_a_term_but_with_a_shop_is_nothing() -> None:
    assert found("scanner", "SEERS INC") == {("plates", "term")}
    assert found("scanner", "SHOP OF EVERYTHING LLC") == set()


def test_near_cancels_only_what_it_touches() -> None:
    assert found("license plate reader stickers") == set()
    assert found("license plate reader stickers and one lpr") == {("plates", "term")}


def test_in_text_cancels_the_whole_text_but_not_by_the_buyer() -> None:
    assert found("lpr typography") == set()
    assert found("lpr", description="typography") == {("plates", "term")}
    assert found("lpr", unit="Typography") == {("plates", "term")}


def test_anywhere_also_looks_at_buyer_and_supplier() -> None:
    assert found("lpr", unit="Car Wash Division") == set()
    assert found("lpr", "ANNA'S CAR WASH") == set()


def test_nested_and_overlapping_terms_are_all_found() -> None:
    assert found("surveillance security camera license plate reader lpr") == {("cameras", "term"), ("plates", "term")}


def test_product_by_name_or_by_context() -> None:
    assert found("SeersEye annual fee") == {("plates", "product")}
    assert found("Spot, the robot") == {("cameras", "product")}
    assert found("parking spot") == set()


def test_product_with_an_ordinary_name_counts_from_its_own_maker() -> None:
    assert found("Spot", "Seers Ltd") == {("cameras", "product")}


def test_supplier_alone_is_a_lead_and_a_term_silences_it() -> None:
    assert found("EXTEND 365 DAYS", "SEERS, INC.|CLEANED-UP") == {("plates", "supplier")}
    assert found("security camera", "SEERS, INC.") == {("cameras", "term")}
    assert found("EXTEND 365 DAYS", "SHOP OF EVERYTHING") == set()
    assert found("office furniture", "SEERS, INC.") == set()


def test_supplier_named_in_a_title_is_a_lead() -> None:
    [one] = match(MATCHER, "Agreement with Seers Ltd, sole source", "", "", "")
    assert (one.evidence, one.supplier, one.field) == ("supplier", "seers-inc", "title")
    assert found("Hawk") == set()
    assert found("Hawk plates") == {("plates", "supplier")}


def test_technology_in_a_company_name_is_a_lead_unless_the_file_says_no() -> None:
    assert found("service", "ACME LPR SYSTEMS") == {("plates", "supplier")}
    assert found("service", "ACME SECURITY CAMERA CO") == set()


def test_match_carries_its_proof() -> None:
    long = "x" * 200 + " one License-Plate   Reader for the depot " + "y" * 200
    [one] = match(MATCHER, "title", long, "", "")
    assert one.field == "description" and one.term == "license plate reader"
    assert "License-Plate   Reader" in one.excerpt and len(one.excerpt) <= EXCERPT


def test_scan_yields_only_rows_with_a_match() -> None:
    rows = [(1, "LPR", None, None, None), (2, "paint", None, None, None), (3, None, None, "Seers Inc", None)]
    assert [(row, found[0].evidence) for row, found in scan(MATCHER, rows)] == [(1, "term"), (3, "supplier")]


@pytest.mark.parametrize(
    ("published", "plain"),
    [
        ("SHOTSPOTTER, INC.", "ShotSpotter"),
        ("DICTAPHONE CORP 02", "Dictaphone Corporation"),
        ("COUNTER TECHNOLOGY, INC.|CLEANED-UP", "Counter Technologies"),
        ("EVERON LLC (90-0008456)", "Everon"),
        ("L-3 Communications", "L3 Communication"),
        ("The Acme Company, L.L.C.", "ACME"),
        ("Smith & Sons Mfg Co.", "Smith and Sons Manufacturing"),
    ],
)
def test_one_company_one_key(published: str, plain: str) -> None:
    assert supplier_key(published) == supplier_key(plain)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Digital Ally", "Digital Alloy"), ("NEC America", "NEC Corporation of America"), ("Insight LPR", "Insight")],
)
def test_similar_names_of_two_companies_stay_apart(one: str, other: str) -> None:
    assert supplier_key(one) != supplier_key(other)


def test_doing_business_as_finds_either_name() -> None:
    assert supplier_of(MATCHER, "PLATE PEOPLE GROUP DBA SEERS LTD") == "seers-inc"
    assert supplier_of(MATCHER, "Seers") == "seers-inc"
    assert supplier_of(MATCHER, "Seerss") is None
    assert supplier_of(MATCHER, None) is None


def test_slugs_and_company_names_belong_to_one_file() -> None:
    with pytest.raises(DataError, match="slug `plates` is already used"):
        check_vocabulary(TECHNOLOGIES, {"plates": supplier("plates", "Other", ["plates"])})
    with pytest.raises(DataError, match="company name `seers` is already used"):
        check_vocabulary(TECHNOLOGIES, {**SUPPLIERS, "more": supplier("more", "Seers LLC", ["plates"])})
    with pytest.raises(DataError, match=r"unknown technology `plate`\. Allowed: cameras, plates"):
        check_vocabulary(TECHNOLOGIES, {"more": supplier("more", "More", ["plate"])})


def test_a_hash_changes_with_the_words_searched_and_with_nothing_else() -> None:
    before = vocabulary_hashes(TECHNOLOGIES, SUPPLIERS)
    assert set(before) == {"plates", "cameras", "seers-inc", "shop", "seers-eye", "seers-spot"}
    reworded = technology("plates", [*PLATES.terms, "anpr"])
    redefined = technology("cameras", CAMERAS.terms, definition="other words")
    after = vocabulary_hashes({"plates": reworded, "cameras": redefined}, SUPPLIERS)
    assert [slug for slug in before if before[slug] != after[slug]] == ["plates"]


def test_names_index_knows_every_name() -> None:
    index = {(name, slug, kind) for name, slug, kind, _ in names_index(TECHNOLOGIES, SUPPLIERS)}
    assert {("seers inc", "seers-inc", "supplier"), ("seerseye", "seers-eye", "product")} <= index
    assert ("lpr", "plates", "technology") in index


def test_phrases_are_folded_and_padded() -> None:
    assert all(phrase == f" {fold(phrase)} " for phrase in phrase_table(TECHNOLOGIES, SUPPLIERS))


TEXTS = st.text() | st.sampled_from(["LPR", "security-camera", "Seers Ltd", "İLPR ſ K", "surveillance\x00lpr"])


@given(TEXTS)
def test_folding_is_the_same_with_offsets_and_is_done_once(text: str) -> None:
    folded, offsets = fold_with_offsets(text)
    assert folded == fold(text) == fold(folded)
    assert len(offsets) == len(folded) and offsets == sorted(offsets)


@given(st.lists(TEXTS, max_size=4), TEXTS)
def test_quick_look_never_denies_a_match(parts: list[str], company: str) -> None:
    title = " ".join(parts)
    matches = match(MATCHER, title, "", company, "")
    assert all(isinstance(one, Match) and len(one.excerpt) <= EXCERPT for one in matches)
    assert list(promising(MATCHER, [(1, title, "", company, "")])) or not matches


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=7))
def test_a_batch_finds_what_each_row_alone_would(texts: list[tuple[str, str]]) -> None:
    rows = [(number, title, description, None, None) for number, (title, description) in enumerate(texts)]
    alone = [row[0] for row in rows if match(MATCHER, *row[1:])]
    assert [row_id for row_id, _ in scan(MATCHER, rows)] == alone
