"""The nouns every service shares: organisations and their members, places, items and units, emergencies."""
