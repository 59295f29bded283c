"""What `server.audit.fsck` checks, one concern a module. None of them changes anything."""
