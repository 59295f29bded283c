"""Findings and context → `Decision`, by written rules: YAML documents whose conditions are CEL."""
