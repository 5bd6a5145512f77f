"""Gifts of money and goods, from a pledge to a signature: campaigns, funds, receipts, the donor's trace."""
