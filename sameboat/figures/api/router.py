"""The one router of figures: reading and writing share addresses."""

from ninja import Router

router = Router(tags=["figures"])
