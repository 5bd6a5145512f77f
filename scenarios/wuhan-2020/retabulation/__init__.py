"""Makes the tables of this folder from the raw files and the hand-made judgement tables beside it."""
