"""Reminders of what is overdue: by which policy, to whom, and the letters."""
