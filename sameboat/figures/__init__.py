"""Figures: numbers by place and day, every vintage kept, with how they were read and what is odd about them."""
