"""The same tree again: what each room promises, as sentences that can be false."""
