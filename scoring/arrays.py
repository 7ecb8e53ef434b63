"""Arrays of 64-bit words and of doubles, read and written place by place.

The parts of a lead's state are such arrays. Apart from them because these few steps are all that the compiled
scoring does with memory: arrays.pyx has the same ones in the types of C, where no object stands between, and nobody
looks whether a place is one of the array. Where that is not compiled, this file runs, and looks.
"""

from __future__ import annotations

from array import array
from typing import TypeVar

Things = TypeVar("Things", "array[int]", "array[float]")


def word_at(words: array[int], place: int) -> int:
    """The word in this place, which the array has."""
    return words[place]


def put_word(words: array[int], place: int, word: int) -> None:
    """Another word in this place, which the array has."""
    words[place] = word


def append_word(words: array[int], word: int) -> None:
    """One more word at the end."""
    words.append(word)


def insert_word(words: array[int], place: int, word: int) -> None:
    """One more word before this place, or at the end."""
    words.insert(place, word)


def remove_words(words: array[int], first: int, how_many: int) -> None:
    """So many words fewer from this place on, all of which the array has."""
    del words[first : first + how_many]


def last_place_before(words: array[int], end: int, word: int) -> int:
    """The last place of this word before `end`; -1 if it has none."""
    for place in range(end - 1, -1, -1):
        if words[place] == word:
            return place
    return -1


def first_place_from(words: array[int], least: int) -> int:
    """In ascending words, the place of the first that is not below `least`; at the end if there is none."""
    first, end = 0, len(words)
    while first < end:
        middle = (first + end) // 2
        if words[middle] < least:
            first = middle + 1
        else:
            end = middle
    return first


def number_at(numbers: array[float], place: int) -> float:
    """The double in this place, which the array has."""
    return numbers[place]


def put_number(numbers: array[float], place: int, number: float) -> None:
    """Another double in this place, which the array has."""
    numbers[place] = number


def add_number(numbers: array[float], place: int, more: float) -> None:
    """So much more in this place, which the array has."""
    numbers[place] += more


def zeros(how_many: int) -> array[float]:
    """So many doubles, all zero."""
    return array("d", bytes(8 * how_many))


def unseen(things: Things) -> Things:
    """The same, which the collector of cycles need not look at: it is in none. A lead has a dozen of them."""
    return things
