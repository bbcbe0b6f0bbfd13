"""Every file of data/technologies and data/suppliers: a contributor's file is tested with no test written."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from registry.match import Match, Matcher, build_matcher, match, supplier_of
from registry.names import fold
from registry.patterns import phrase_table
from registry.vocabulary import Row, Vocabulary, load_vocabulary, product_spellings, supplier_spellings

DATA = Path(__file__).parents[1] / "data"
TECHNOLOGIES = sorted(path.stem for path in (DATA / "technologies").glob("*.yml"))
SUPPLIERS = sorted(path.stem for path in (DATA / "suppliers").glob("*.yml"))
CLOSED_LIST = {
    "face_recognition", "video_analytics", "cctv", "alpr", "traffic_enforcement_camera", "gunshot_detection",
    "body_worn_camera", "in_car_camera", "drone", "cell_site_simulator", "phone_forensics",
    "social_media_monitoring", "predictive_policing", "investigative_database", "gang_database", "biometric",
    "gps_tracking", "electronic_monitoring", "weapon_detection", "audio_interception", "access_control",
    "other_surveillance",
}  # fmt: skip


@cache
def vocabulary() -> Vocabulary:
    return load_vocabulary(DATA)


@cache
def matcher() -> Matcher:
    return build_matcher(vocabulary().technologies, vocabulary().suppliers)


def found(example: str | Row) -> set[str]:
    """Technologies shown by the words of an example: a lead does not count."""
    row = example if isinstance(example, Row) else Row(title=example)
    matches = match(matcher(), row.title, row.description, row.supplier, row.buyer_unit)
    return {one.technology for one in matches if one.evidence != "supplier"}


def test_no_technology_of_the_first_list_is_missing() -> None:
    """A contributor's technology comes to these, with no test changed."""
    assert set(TECHNOLOGIES) >= CLOSED_LIST


def test_at_least_ninety_suppliers_with_all_listed_products() -> None:
    products = [product for supplier in vocabulary().suppliers.values() for product in supplier.products]
    assert len(SUPPLIERS) >= 90
    assert len(products) >= 136


@pytest.mark.parametrize("slug", TECHNOLOGIES)
def test_technology_examples(slug: str) -> None:
    examples = vocabulary().technologies[slug].examples
    assert len(examples.match) >= 3 and len(examples.not_match) >= 2
    assert [one for one in examples.match if slug not in found(one)] == []
    assert [one for one in examples.not_match if slug in found(one)] == []


@pytest.mark.parametrize("slug", TECHNOLOGIES)
def test_every_strong_term_finds_its_technology(slug: str) -> None:
    technology = vocabulary().technologies[slug]
    missed = [term for term in technology.terms if slug not in found(term)]
    assert missed == []


@pytest.mark.parametrize("slug", TECHNOLOGIES)
def test_weak_terms_do_not_count_alone(slug: str) -> None:
    technology = vocabulary().technologies[slug]
    table = phrase_table({slug: technology}, {})
    strong = {phrase for phrase, uses in table.items() if any(use.role == "term" for use in uses)}
    weak = {term for group in technology.weak_terms for term in group.terms}
    bare = [
        term
        for term in weak
        if not any(phrase in f" {fold(term)} " for phrase in strong)
        and not any(f" {fold(word)} " in f" {fold(term)} " for group in technology.weak_terms for word in group.context)
    ]
    assert [term for term in bare if slug in found(term)] == []


@pytest.mark.parametrize("slug", SUPPLIERS)
def test_supplier_is_known_by_every_name(slug: str) -> None:
    supplier = vocabulary().suppliers[slug]
    names = [name.name for name in supplier_spellings(supplier)]
    assert {supplier_of(matcher(), name) for name in names} == {slug}


@pytest.mark.parametrize("slug", SUPPLIERS)
def test_name_alone_is_a_lead_of_a_specialist_and_of_nobody_else(slug: str) -> None:
    supplier = vocabulary().suppliers[slug]
    leads = {one.technology for one in match(matcher(), "", "", supplier.name, "") if one.supplier == slug}
    assert leads == (set(supplier.technologies) if supplier.specialist == "yes" else set())


@pytest.mark.parametrize("slug", SUPPLIERS)
def test_every_product_is_found_by_every_spelling(slug: str) -> None:
    for product in vocabulary().suppliers[slug].products:
        for name in product_spellings(product):
            title = " ".join([name.name, *name.context[:1]])
            hits = match(matcher(), title, "", "", "")
            assert any(hit.product == product.slug for hit in hits), (product.slug, name.name)


@pytest.mark.parametrize("slug", SUPPLIERS)
def test_ordinary_words_need_their_context(slug: str) -> None:
    for product in vocabulary().suppliers[slug].products:
        for name in product_spellings(product):
            if name.context and not any(fold(word) in fold(name.name) for word in name.context):
                assert not _names(match(matcher(), f"{name.name} zzz", "", "", ""), product.slug, name.name)


def _names(matches: list[Match], product: str, word: str) -> bool:
    return any(one.product == product and one.term == word for one in matches)


@pytest.mark.parametrize("slug", SUPPLIERS)
def test_what_is_not_from_memory_names_its_source(slug: str) -> None:
    supplier = vocabulary().suppliers[slug]
    claims = [supplier.evidence, *supplier.products, *supplier.parents, *supplier.former_names]
    assert all(claim.source_url.startswith("http") for claim in claims if claim.basis == "source")
