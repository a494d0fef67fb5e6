"""Deals: what is known of them when, who wins them and when, how they are sold."""
