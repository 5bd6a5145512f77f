"""The shapes in which figures go out over the API."""
