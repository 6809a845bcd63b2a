"""Identifiers: in order of time, the same for the same, and close to one another in an index."""

import time
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from exact.domain.identifiers import annotation_stream, derived_id, new_id

IDS = st.uuids()


def test_a_new_id_is_of_version_7_and_knows_its_time():
    before = time.time_ns() // 1_000_000
    id = new_id()  # noqa: A001 - the word of the field
    assert (id.version, id.variant) == (7, "specified in RFC 4122")
    assert before <= id.int >> 80 <= time.time_ns() // 1_000_000


def test_later_ids_sort_later():
    first = new_id()
    time.sleep(0.002)
    assert first < new_id()


def test_ids_of_one_moment_differ():
    assert len({new_id() for _ in range(10_000)}) == 10_000


@given(IDS, IDS)
def test_the_same_identifier_on_the_same_image_is_one_stream(image, identifier):
    stream = annotation_stream(image, identifier)
    assert stream == annotation_stream(image, identifier)
    assert stream.version == 7


@given(IDS, IDS, IDS)
def test_another_image_or_identifier_is_another_stream(one, two, three):
    if len({one, two, three}) == 3:
        assert len({annotation_stream(one, three), annotation_stream(two, three), annotation_stream(three, one)}) == 3


def test_an_identifier_with_a_time_gives_a_stream_of_that_time():
    identifiers = [new_id() for _ in range(50)]
    streams = [annotation_stream(uuid4(), identifier) for identifier in identifiers]
    assert [stream.int >> 80 for stream in streams] == [identifier.int >> 80 for identifier in identifiers]


def test_streams_and_derived_ids_stay_what_they_were():
    """They are stored: another way to make them would lose every annotation and every verification."""
    image, identifier = UUID(int=1), UUID("018f0000-0000-7000-8000-000000000001")
    assert str(annotation_stream(image, identifier)) == "018f0000-0000-7f7d-99a9-89c1804ec300"
    assert str(annotation_stream(image, UUID(int=2))) == "78d68721-debb-72fa-b15b-3ee7e15925f8"
    assert str(derived_id(image, "a", 1)) == "89f5b83d-4057-5483-a27e-f385736abdb6"


def test_derived_ids_tell_their_parts_apart():
    assert derived_id("ab", "c") != derived_id("a", "bc")
    assert derived_id(1) == derived_id("1")
