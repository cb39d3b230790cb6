"""The project on BigQuery's emulator, through the real adapter."""

from datetime import date


def test_it_answers(emulator):
    (row,) = emulator.query("select [1, 2][safe_offset(1)], date_add(date '2022-02-28', interval 1 day)")
    assert row == (2, date(2022, 3, 1))
