"""Global tables: who belongs to one, and how a write in one region reaches the others.

Of both versions: of 2019.11.21, with eventual consistency, a member is added and removed by UpdateTable; of 2017.11.29
tables that are there are joined. Neither writes attributes of its own into items, as AWS's older one did (aws:rep:*).
"""
