"""Tokens of PartiQL statements."""

from __future__ import annotations

import re
from typing import NamedTuple

from hodei.kernel.errors import AwsError
from hodei.services.dynamodb import errors

_TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*|/\*.*?\*/)|(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)|(?P<quoted>\"(?:[^\"]|\"\")*\")"
    r"|(?P<string>'(?:[^']|'')*')|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<parameter>\?)"
    r"|(?P<sign><<|>>|<>|!=|<=|>=|[=<>()\[\]{},.:;*+-])|(?P<other>.)",
    re.DOTALL,
)

# SQL-92's and PartiQL's own; the parts of dates are none, as AWS's examples show ("where title=? and year=?").
KEYWORDS = frozenset(
    """
    ABSOLUTE ACTION ADD ALL ALLOCATE ALTER AND ANY ARE AS ASC ASSERTION AT AUTHORIZATION AVG BAG BEGIN BETWEEN BIT
    BIT_LENGTH BLOB BOOL BOOLEAN BY CASCADE CASCADED CASE CAST CATALOG CHAR CHARACTER CHARACTER_LENGTH CHAR_LENGTH CHECK
    CLOB CLOSE COALESCE COLLATE COLLATION COLUMN COMMIT CONNECT CONNECTION CONSTRAINT CONSTRAINTS CONTINUE CONVERT
    CORRESPONDING COUNT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATE
    DEALLOCATE DEC DECIMAL DECLARE DEFAULT DEFERRABLE DEFERRED DELETE DESC DESCRIBE DESCRIPTOR DIAGNOSTICS DISCONNECT
    DISTINCT DOMAIN DOUBLE DROP ELSE END ESCAPE EXCEPT EXCEPTION EXEC EXECUTE EXISTS EXTERNAL EXTRACT FALSE FETCH FIRST
    FLOAT FOR FOREIGN FOUND FROM FULL GET GLOBAL GO GOTO GRANT GROUP HAVING IDENTITY IMMEDIATE IN INDEX INDICATOR
    INITIALLY INNER INPUT INSENSITIVE INSERT INT INTEGER INTERSECT INTERVAL INTO IS ISOLATION JOIN KEY LANGUAGE LAST
    LEFT LEVEL LIKE LIMIT LIST LOCAL LOWER MATCH MAX MIN MISSING MODULE NAMES NATIONAL NATURAL NCHAR NEXT NO NOT NULL
    NULLIF NUMERIC OCTET_LENGTH OF ON ONLY OPEN OPTION OR ORDER OUTER OUTPUT OVERLAPS PAD PARTIAL PIVOT POSITION
    PRECISION PREPARE PRESERVE PRIMARY PRIOR PRIVILEGES PROCEDURE PUBLIC READ REAL REFERENCES RELATIVE REMOVE RESTRICT
    REVOKE RIGHT ROLLBACK ROWS SCHEMA SCROLL SECTION SELECT SESSION SESSION_USER SET SEXP SIZE SMALLINT SOME SPACE SQL
    SQLCODE SQLERROR SQLSTATE STRING STRUCT SUBSTRING SUM SYMBOL SYSTEM_USER TABLE TEMPORARY THEN TIME TIMESTAMP TO
    TRANSACTION TRANSLATE TRANSLATION TRIM TRUE TUPLE UNION UNIQUE UNKNOWN UNPIVOT UPDATE UPPER USAGE USER USING VALUE
    VALUES VARCHAR VARYING VIEW WHEN WHENEVER WHERE WITH WORK WRITE ZONE
    """.split()  # noqa: SIM905  # a line a word would be 240 lines
)


class Token(NamedTuple):
    """`kind`: name, string, number, parameter, keyword, sign, end. `word`: upper case of what is not quoted."""

    kind: str
    text: str  # of names and strings: what they stand for
    word: str = ""


def malformed(reason: str) -> AwsError:
    return errors.ValidationException(f"Statement wasn't well formed, can't be processed: {reason}")


def tokens(text: str) -> list[Token]:
    """The tokens of a statement, closed by one of kind "end". Raises: ValidationException."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, content = match.lastgroup, match[0]
        if kind == "name":
            word = content.upper()
            found.append(Token("keyword" if word in KEYWORDS else "name", content, word))
        elif kind == "quoted":
            found.append(Token("name", content[1:-1].replace('""', '"')))
        elif kind == "string":
            found.append(Token("string", content[1:-1].replace("''", "'")))
        elif kind == "sign" or kind == "number" or kind == "parameter":
            found.append(Token(kind, content, content))
        elif kind == "other":
            raise malformed("Unexpected term")
    return [*found, Token("end", "")]
