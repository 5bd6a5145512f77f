"""Every change of figures: feeds, definitions, breaks and explanations; and the publication of a vintage."""
