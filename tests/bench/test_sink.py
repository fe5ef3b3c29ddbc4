import os

from bench.sink import counts


def test_a_number_that_came_in_two_pieces_is_counted_once_whole() -> None:
    reading, writing = os.pipe()
    counting = counts(reading)
    os.write(writing, b"sess=1 quit=0 mesg=9\rsess=1 quit=0 mesg=10\rsess=1 quit=0 mesg=1")
    assert next(counting) == 10
    os.write(writing, b"1")
    os.write(writing, b"2\r")
    os.close(writing)
    assert list(counting) == [112]
    os.close(reading)
