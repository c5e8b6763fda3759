"""Foreign files are read in processes of their own: what a file makes of its reader, the service does not feel."""
