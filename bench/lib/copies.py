"""Many files out of a few: the same to a decoder, different to the vault."""


def make(files, place, count):
    """Copies with a few bytes behind them, in an existing folder."""
    for number in range(count):
        (place / f"IMG_{number:05}.jpg").write_bytes(files[number % len(files)].read_bytes() + number.to_bytes(8, "big"))
