"""Back-tests: what each model would have said then, beside what came of it."""
