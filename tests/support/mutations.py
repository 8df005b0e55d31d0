"""Damaged files without end, the same for the same number: small sound files of all formats, spoilt in many ways."""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.small_files import small_files

Mutate = Callable[[bytearray, random.Random], None]

STRUCTURE_BYTES = 240
LENGTHS = (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(frozen=True)
class Mutation:
    """A damaged file: its number, what it was made from, and how."""

    number: int
    name: str
    codec: str
    content: bytes


def mutation(number: int) -> Mutation:
    """The damaged file with this number; neighbours come from different formats and sorts of damage."""
    files = sorted(small_files().items())
    name, (codec, content) = files[number % len(files)]
    chance = random.Random(number)
    spoilt, done = bytearray(content), []
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        mutate = chance.choice(MUTATIONS)
        mutate(spoilt, chance)
        done.append(mutate.__name__)
    return Mutation(number, f"{name} ({', '.join(done)})", codec, bytes(spoilt))


def flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 8, 50))):
        at = _position(data, chance)
        data[at : at + 1] = bytes(byte ^ 1 << chance.randrange(8) for byte in data[at : at + 1])


def set_bytes(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 5))):
        at = _position(data, chance)
        data[at : at + 1] = bytes([chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, chance.randrange(256)))])


def truncate(data: bytearray, chance: random.Random) -> None:
    del data[_position(data, chance) :]


def cut_out(data: bytearray, chance: random.Random) -> None:
    at = _position(data, chance)
    del data[at : at + chance.choice((1, 2, 4, 8, 40))]


def repeat(data: bytearray, chance: random.Random) -> None:
    at = _position(data, chance)
    part = data[at : at + chance.choice((1, 4, 12, 100))]
    data[at:at] = part * chance.choice((1, 1, 2, 30))


def swap_parts(data: bytearray, chance: random.Random) -> None:
    """Swap two equally long parts, such as chunks or directory entries."""
    length = chance.choice((2, 4, 8, 12, 16, 40))
    one, other = sorted((_position(data, chance), _position(data, chance)))
    if one + length <= other and other + length <= len(data):
        data[one : one + length], data[other : other + length] = data[other : other + length], data[one : one + length]


def edit_length(data: bytearray, chance: random.Random) -> None:
    """Write a number that sizes, counts and offsets go wrong with, in either byte order."""
    at, number = _position(data, chance), chance.choice(LENGTHS)
    code = chance.choice(("<H", ">H", "<L", ">L"))
    packed = struct.pack(code, number & 0xFFFF if code[1] == "H" else number)
    data[at : at + len(packed)] = packed[: max(0, len(data) - at)]


def change_size_a_little(data: bytearray, chance: random.Random) -> None:
    """Add to or take from a byte near the start, where width, height and depth are."""
    at = chance.randrange(min(len(data), 64)) if data else 0
    data[at : at + 1] = bytes((byte + chance.choice((-2, -1, 1, 2))) % 256 for byte in data[at : at + 1])


def splice_head(data: bytearray, chance: random.Random) -> None:
    """Put the head of another file before this one's body."""
    _, other = chance.choice(sorted(small_files().values()))
    at = chance.choice((8, 16, 32, 64, 128))
    data[:at] = other[:at]


def splice_tail(data: bytearray, chance: random.Random) -> None:
    """End as another file does."""
    _, other = chance.choice(sorted(small_files().values()))
    at = _position(data, chance)
    data[at:] = other[_position(bytearray(other), chance) :]


MUTATIONS: tuple[Mutate, ...] = (
    flip_bits,
    flip_bits,
    set_bytes,
    set_bytes,
    truncate,
    cut_out,
    repeat,
    swap_parts,
    edit_length,
    edit_length,
    change_size_a_little,
    splice_head,
    splice_tail,
)


def _position(data: bytearray, chance: random.Random) -> int:
    """A place in the file, half of the time near its start, where the structure is."""
    reach = len(data) if chance.random() < 0.5 else min(len(data), STRUCTURE_BYTES)
    return chance.randrange(reach) if reach else 0
