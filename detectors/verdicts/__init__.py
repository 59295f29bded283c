"""What every learned detector's verdict carries, and how it comes about: see `learned`."""
