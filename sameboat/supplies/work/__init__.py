"""The pages where members ask for goods, allocate them, hand them over and sign for them."""
