"""The languages in which metrics are asked for: math on lines, searches, SQL. They are only read here."""
