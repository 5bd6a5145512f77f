"""The pages where a member does something: how a form becomes an act, and how a refusal is shown."""
