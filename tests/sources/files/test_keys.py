"""Counting keys."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.files.keys import KeyRegister


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(0, 9), max_size=20), max_size=12))
def test_ordinals_are_those_of_a_counter(batches: list[list[int]]) -> None:
    register, counter = KeyRegister(), Counter[int]()
    for batch in batches:
        expected = []
        for key in batch:
            counter[key] += 1
            expected.append(counter[key])
        assert register.ordinals(np.array(batch, np.uint64)).tolist() == expected
