"""Durable credentials: what we sign is remembered by what it shows, and found again when its manifest is gone.

Read `recovery` first. What is remembered is `bindings`; where it is kept is `server.audit`, with the entry that the
file was signed under; how it is looked up among millions is `index`.
"""
