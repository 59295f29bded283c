"""Statements of reasons, as article 17 of Regulation (EU) 2022/2065 (the Digital Services Act) asks for them.

In the form that the Commission's Transparency Database takes: the second version of its API, of July 2025, described at
https://transparency.dsa.ec.europa.eu/page/api-documentation.
"""
