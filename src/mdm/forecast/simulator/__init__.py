"""What the months ahead may bring, and what would change it."""
