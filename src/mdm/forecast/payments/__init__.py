"""How and when customers pay: learned from what became of their invoices, told of what is open."""
