"""Programs as source text in other languages: one description of a program, and what each language writes its way."""
