"""What this room says on the public log: one versioned schema an event type."""
