"""What lies ahead and what leaks: pure functions over frames of facts and golden records."""
