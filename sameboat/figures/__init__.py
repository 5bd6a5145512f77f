"""Figures by place and day, every vintage kept: what was said, when, by whom, and what was said before.

A *feed* publishes *vintages*. A vintage holds only what it changed: figures that are new, that differ from the vintage
before, or that were withdrawn. Those changes have one canonical file; its SHA-256 and the hash of the vintage before
stand on the public log, so that anyone can replay the files and see every figure as it stood on any day. Missing is not
zero: a figure that is missing says why. A correction is a new row; nothing is edited.

The way of a figure: bytes → reader (`engine/readers`) → observations → `actions.vintages.publish_vintage` → changes,
flags and one entry on the log → `queries` (as of any moment) → pages, API, exports.
"""
