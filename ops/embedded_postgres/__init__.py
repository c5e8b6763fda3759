"""A Postgres of Tenor's own, for those who bring none.

`server.EmbeddedServer` starts and stops it, `keeper` brings it back, `problems.problems` says what is wrong with it.
Underneath: `binaries` finds the programs, `accounts` the user they run as, `places` the folder they keep, `settings`
how they are configured, `processes` who is alive, `logs` what was said. `orphans` names the files that a killed load
left behind.
"""
