"""The pages on which a publisher's members publish figures, declare breaks and explain."""
