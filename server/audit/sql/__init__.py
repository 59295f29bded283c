"""The log as rows: tables, the terms that find entries, and what a batch writes. Knows no order of events."""
