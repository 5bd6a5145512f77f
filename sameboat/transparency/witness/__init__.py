"""A witness: cosigns what other people's logs show it, if each log only ever grew.

It stands alone, without Django and without the program's database, so that a hospital or a newspaper can run one on the
smallest machine: one process, one key, one small file.
"""
