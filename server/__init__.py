"""The service. Read `pipeline` first; `app` puts the pieces together."""
