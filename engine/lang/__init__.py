"""The condition language: grammar, fields, operators, templates."""
