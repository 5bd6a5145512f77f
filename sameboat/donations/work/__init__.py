"""The pages where gifts are pledged, received, paid out and signed for."""
