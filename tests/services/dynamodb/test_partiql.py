"""PartiQL: ExecuteStatement, BatchExecuteStatement, ExecuteTransaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hodei.testing import Cloud

from .conftest import attributes, index, key_schema

pytestmark = pytest.mark.feature("dynamodb.partiql")

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., Any]
Run = Callable[..., list[dict[str, Any]]]

INCOMPLETE = "Where clause does not contain a mandatory equality on all key attributes"
FAILED = "The conditional request failed"


@pytest.fixture
def run(dynamodb: Any) -> Run:
    """Execute a statement with these parameters; its items."""

    def run(statement: str, *parameters: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
        given = {"Parameters": list(parameters)} if parameters else {}
        return list(dynamodb.execute_statement(Statement=statement, **given, **more)["Items"])

    return run


@pytest.fixture
def music(make: Make, run: Run) -> None:
    """A table of songs with sort keys, and an index by year."""
    make(
        "Music",
        AttributeDefinitions=attributes(Artist="S", Song="S", Published="N"),
        KeySchema=key_schema("Artist", "Song"),
        GlobalSecondaryIndexes=[index("ByYear", "Published", "Song")],
    )
    songs = [("A", "one", 2001), ("A", "two", 2002), ("A", "three", 2001), ("B", "one", 2002), ("C", "four", 2003)]
    for artist, song, published in songs:
        run(f"INSERT INTO Music VALUE {{'Artist': '{artist}', 'Song': '{song}', 'Published': {published}}}")


def songs(items: list[dict[str, Any]]) -> list[str]:
    return [item["Artist"]["S"] + " " + item["Song"]["S"] for item in items]


def test_literals_of_every_type(dynamodb: Any, make: Make, run: Run) -> None:
    make()
    statement = """
        INSERT INTO "table" VALUE {
            'pk': 'it''s', 'n': -1.50, 'e': 1e3, 't': TRUE, 'f': false, 'nil': NULL, 'l': [1, 'x', [null]],
            'm': {'inner': {'deep': 1}}, 'ns': <<1, 2.0>>, 'ss': <<'a', 'b'>>, 'given': ?, 'nested': [?]
        }"""
    assert run(statement, {"B": b"\x00"}, {"SS": ["q"]}) == []
    item = dynamodb.get_item(TableName="table", Key={"pk": {"S": "it's"}})["Item"]
    assert item == {
        "pk": {"S": "it's"},
        "n": {"N": "-1.5"},
        "e": {"N": "1000"},
        "t": {"BOOL": True},
        "f": {"BOOL": False},
        "nil": {"NULL": True},
        "l": {"L": [{"N": "1"}, {"S": "x"}, {"L": [{"NULL": True}]}]},
        "m": {"M": {"inner": {"M": {"deep": {"N": "1"}}}}},
        "ns": {"NS": ["1", "2"]},
        "ss": {"SS": ["a", "b"]},
        "given": {"B": b"\x00"},
        "nested": {"L": [{"SS": ["q"]}]},
    }


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("CREATE TABLE t", "Expected data manipulation"),
        ("UPDATE Payment-dev SET a = 1 WHERE pk = 'x'", "Expected data manipulation"),
        ("SELECT FROM t", "Cannot have empty SELECT list"),
        ("SELECT * WHERE a = 1", "Expected FROM after SELECT list"),
        ("DELETE t WHERE a = 1", "Expected FROM after DELETE"),
        ("SELECT * FROM t WHERE key = 1", "Unexpected keyword"),
        ("SELECT * FROM t WHERE a = 1 LIMIT 5", "Unexpected token after expression"),
        ("SELECT * FROM t WHERE a = ", "Unexpected term"),
        ("SELECT * FROM t WHERE a + 1 = 2", "Unexpected term"),
        ("SELECT * FROM t WHERE nonsense(a, 1)", "Unexpected term"),
        ("INSERT INTO t VALUE {'a': [1}", "Expected RIGHT_BRACKET"),
        ("INSERT INTO t (key, a) VALUES (?, ?)", "Unexpected keyword"),
        ("INSERT INTO t VALUES {'a': 1}", "Unexpected keyword"),
        ("SELECT * FROM t WHERE a = 'open", "Unexpected term"),
        ("SELECT * FROM t WHERE active", "Unexpected term"),
        ("SELECT * FROM t WHERE a IN 5", "Unexpected term"),
        ("UPDATE t SET a = size(a) WHERE pk = 1", "Unexpected term"),
        ("UPDATE t SET a = set_add(b, <<1>>) WHERE pk = 1", "Unexpected term"),
        ("UPDATE t SET a = 1 WHERE pk = 1 RETURNING SOME OLD *", "Unexpected term"),
        ("DELETE FROM t WHERE pk = 1 RETURNING ALL NEW *", "Unexpected term"),
        ("EXISTS(DELETE FROM t)", "Expected data manipulation"),
        ("SELECT * FROM t WHERE a = " + "(" * 4000, "Unexpected term"),
        ("INSERT INTO t VALUE {'a': " + "[" * 4000, "Unexpected term"),
    ],
)
def test_what_is_not_well_formed(dynamodb: Any, refused: Refused, statement: str, detail: str) -> None:
    with refused("ValidationException", f"Statement wasn't well formed, can't be processed: {detail}"):
        dynamodb.execute_statement(Statement=statement)


def test_parameters_are_as_many_as_the_statement_has(run: Run, music: None, refused: Refused) -> None:
    for parameters in ([], [{"S": "A"}, {"S": "B"}]):
        with refused("ValidationException", "Number of parameters in request and statement don't match."):
            run("SELECT * FROM Music WHERE Artist = ?", *parameters)


def test_an_unknown_table_and_index(run: Run, music: None, refused: Refused) -> None:
    with refused("ResourceNotFoundException", "Requested resource not found"):
        run("SELECT * FROM Nowhere")
    with refused("ValidationException", "The table does not have the specified index: nosuch"):
        run('SELECT * FROM "Music"."nosuch"')


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Artist = 'A'", ["A one", "A three", "A two"]),
        ("Artist = 'A' AND Song = 'two'", ["A two"]),
        ("Artist = 'A' AND Song > 'one'", ["A three", "A two"]),
        ("'one' < Song AND Artist = 'A'", ["A three", "A two"]),
        ("Artist = 'A' AND Song BETWEEN 'one' AND 'three'", ["A one", "A three"]),
        ("Artist = 'A' AND begins_with(Song, 't')", ["A three", "A two"]),
        ("Artist = 'A' AND begins_with(Song, 't') AND Song <> 'two'", ["A three"]),
        ("Artist = 'A' AND Published = 2001", ["A one", "A three"]),
        ("Artist IN ['B', 'A'] AND Song = 'one'", ["A one", "B one"]),
        ("Artist IN ('C')", ["C four"]),
        ("Artist = 'B' OR Artist = 'C'", ["B one", "C four"]),
        ("Artist = 'B' OR Song = 'four'", ["B one", "C four"]),
        ("Published >= 2002", ["A two", "B one", "C four"]),
        ("NOT Published < 2003", ["C four"]),
        ("Song NOT IN ['one', 'two'] AND (Published = 2001 OR Published = 2003)", ["A three", "C four"]),
        ("Published NOT BETWEEN 2001 AND 2002", ["C four"]),
        ("contains(Song, 'o') AND size(Song) = 4", ["C four"]),
        ("attribute_type(Published, 'N') AND Artist != 'A'", ["B one", "C four"]),
        ("Label IS MISSING AND Artist = 'B'", ["B one"]),
        ("Label IS NOT MISSING", []),
        ("Published IS NOT NULL AND Artist = 'C'", ["C four"]),
        ("Published IS NULL", []),
    ],
)
def test_where(run: Run, music: None, where: str, found: list[str]) -> None:
    assert sorted(songs(run(f"SELECT * FROM Music WHERE {where}"))) == found


def test_global_indexes_are_read_as_by_queries(run: Run, music: None, refused: Refused) -> None:
    with refused("ValidationException", "Consistent reads are not supported on global secondary indexes"):
        run('SELECT * FROM "Music"."ByYear"', ConsistentRead=True)
    mismatch = "One or more parameter values were invalid: Condition parameter type does not match schema type"
    with refused("ValidationException", mismatch):
        run('SELECT * FROM "Music"."ByYear" WHERE Published IN [2001, \'x\'] ORDER BY Published')


def test_everything_and_an_index(run: Run, music: None) -> None:
    assert len(run("select * from Music")) == 5
    assert songs(run('SELECT Artist, Song FROM "Music"."ByYear" WHERE Published = ?', {"N": "2001"})) == [
        "A one",
        "A three",
    ]


def test_a_select_reads_only_what_its_keys_say(dynamodb: Any, music: None) -> None:
    def units(where: str) -> float:
        answer = dynamodb.execute_statement(
            Statement=f"SELECT * FROM Music {where}", ReturnConsumedCapacity="TOTAL", ConsistentRead=True
        )
        assert answer["ConsumedCapacity"]["TableName"] == "Music"
        return float(answer["ConsumedCapacity"]["CapacityUnits"])

    with_data = "UPDATE Music SET Filler = ? WHERE Artist = 'C' AND Song = 'four'"
    dynamodb.execute_statement(Statement=with_data, Parameters=[{"S": "x" * 9000}])
    assert units("") == 3.0
    assert units("WHERE Artist = 'A'") == units("WHERE Artist IN ['A', 'B']") == 1.0


def test_projections_give_columns(run: Run, make: Make) -> None:
    make()
    run("INSERT INTO \"table\" VALUE {'pk': 'x', 'a': {'b': [1, {'c d': 2}]}, 'year': 3}")
    statement = 'SELECT pk, a.b[0], "a"."b"[1]."c d", year, gone FROM "table"'
    assert run(statement) == [{"pk": {"S": "x"}, "b[0]": {"N": "1"}, "c d": {"N": "2"}, "year": {"N": "3"}}]


def test_order(run: Run, music: None) -> None:
    by_song = "SELECT * FROM Music WHERE Artist = 'A' ORDER BY Song"
    assert songs(run(by_song)) == songs(run(by_song + " ASC")) == ["A one", "A three", "A two"]
    assert songs(run(by_song + " DESC")) == ["A two", "A three", "A one"]
    both = "SELECT * FROM Music WHERE Artist IN ['B', 'A', 'C'] ORDER BY Artist DESC, Song DESC"
    assert songs(run(both)) == ["C four", "B one", "A two", "A three", "A one"]


@pytest.mark.parametrize(
    ("clauses", "message"),
    [
        ("ORDER BY Song", "Must have WHERE clause in the statement when using ORDER BY clause."),
        (
            "WHERE Song = 'one' ORDER BY Song",
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
        ),
        (
            "WHERE Artist = 'A' OR Artist = 'B' ORDER BY Song",
            "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
        ),
        (
            "WHERE Artist = 'A' ORDER BY Published",
            "Variable reference Published in ORDER BY clause must be part of the primary key",
        ),
    ],
)
def test_only_keys_give_an_order(run: Run, music: None, refused: Refused, clauses: str, message: str) -> None:
    with refused("ValidationException", message):
        run(f"SELECT * FROM Music {clauses}")


def test_pages(dynamodb: Any, music: None, refused: Refused) -> None:
    for statement in ("SELECT * FROM Music", "SELECT * FROM Music WHERE Artist IN ['C', 'A', 'B']"):
        found: list[str] = []
        request: dict[str, Any] = {"Statement": statement, "Limit": 2}
        while True:
            page = dynamodb.execute_statement(**request)
            found += songs(page["Items"])
            if "NextToken" not in page:
                break
            assert page["LastEvaluatedKey"]["Artist"]["S"] + " " + page["LastEvaluatedKey"]["Song"]["S"] == found[-1]
            request["NextToken"] = page["NextToken"]
        assert sorted(found) == ["A one", "A three", "A two", "B one", "C four"]
    with refused("ValidationException", "NextToken does not match request"):
        dynamodb.execute_statement(**request | {"Statement": "SELECT * FROM Music WHERE Published = 1"})
    with refused("ValidationException", "Invalid NextToken"):
        dynamodb.execute_statement(**request | {"NextToken": "nonsense"})


def test_many_partitions_come_in_pages_of_ten(dynamodb: Any, make: Make) -> None:
    make()
    names = [f"p{n}" for n in range(12)]
    for name in names:
        dynamodb.put_item(TableName="table", Item={"pk": {"S": name}})
    request = {
        "Statement": f'SELECT * FROM "table" WHERE pk IN [{",".join("?" * 12)}]',
        "Parameters": [{"S": name} for name in names],
    }
    first = dynamodb.execute_statement(**request)
    assert len(first["Items"]) == 10
    assert len(dynamodb.execute_statement(**request, NextToken=first["NextToken"])["Items"]) == 2


def test_an_insert_makes_a_new_item(run: Run, music: None, refused: Refused) -> None:
    song = "INSERT INTO Music VALUE {'Artist': 'A', 'Song': 'one'}"
    with refused("DuplicateItemException", "Duplicate primary key exists in table"):
        run(song)
    with refused("ValidationException", "One or more parameter values were invalid: Missing the key Song in the item"):
        run("INSERT INTO Music VALUE {'Artist': 'A'}")
    assert run("INSERT INTO Music VALUE ?", {"M": {"Artist": {"S": "N"}, "Song": {"S": "new"}}}) == []
    assert songs(run("SELECT * FROM Music WHERE Artist = 'N'")) == ["N new"]


def test_updates(run: Run, make: Make) -> None:
    make()
    run("INSERT INTO \"table\" VALUE {'pk': 'x', 'n': 1, 'l': [1], 's': <<'a', 'b'>>, 'm': {'k': 1, 'gone': 2}}")
    statement = """
        UPDATE "table"
        SET n = n + 2 SET l = list_append(l, [?]), s = set_add(s, <<'c'>>)
        SET m.k = if_not_exists(nothing, 5) - 1 SET made = set_add(made, <<1>>)
        REMOVE m.gone WHERE pk = 'x' RETURNING ALL NEW *"""
    [item] = run(statement, {"S": "end"})
    item["s"]["SS"].sort()
    assert item == {
        "pk": {"S": "x"},
        "n": {"N": "3"},
        "l": {"L": [{"N": "1"}, {"S": "end"}]},
        "s": {"SS": ["a", "b", "c"]},
        "m": {"M": {"k": {"N": "4"}}},
        "made": {"NS": ["1"]},
    }
    assert run("UPDATE \"table\" SET s = set_delete(s, <<'a', 'c'>>) WHERE pk = 'x' RETURNING MODIFIED NEW *") == [
        {"s": {"SS": ["b"]}}
    ]


def test_what_updates_return(run: Run, music: None) -> None:
    update = "UPDATE Music SET Published = {} WHERE Artist = 'B' AND Song = 'one' {}"
    old = {"Artist": {"S": "B"}, "Song": {"S": "one"}, "Published": {"N": "2002"}}
    assert run(update.format(1, "RETURNING ALL OLD *")) == [old]
    assert run(update.format(2, "RETURNING MODIFIED OLD *")) == [{"Published": {"N": "1"}}]
    assert run(update.format(3, "RETURNING MODIFIED NEW *")) == [{"Published": {"N": "3"}}]
    assert run(update.format(4, "RETURNING ALL NEW *")) == [old | {"Published": {"N": "4"}}]
    assert run(update.format(5, "")) == []


def test_an_update_is_of_an_item_that_is_there(run: Run, music: None, refused: Refused) -> None:
    with refused("ConditionalCheckFailedException", FAILED):
        run("UPDATE Music SET a = 1 WHERE Artist = 'nobody' AND Song = 'none'")
    with refused("ConditionalCheckFailedException", FAILED):
        run("UPDATE Music SET a = 1 WHERE Artist = 'A' AND Song = 'one' AND Published = 1")
    with refused(
        "ValidationException",
        "One or more parameter values were invalid: Cannot update attribute Song. This attribute is part of the key",
    ):
        run("UPDATE Music SET Song = 'x' WHERE Artist = 'A' AND Song = 'one'")


def test_deletes(run: Run, music: None, refused: Refused) -> None:
    assert run("DELETE FROM Music WHERE Artist = 'nobody' AND Song = 'none' AND Published = 3") == []
    with refused("ConditionalCheckFailedException", FAILED):
        run("DELETE FROM Music WHERE Artist = 'C' AND Song = 'four' AND Published = 3")
    [old] = run("DELETE FROM Music WHERE Artist = 'C' AND Song = 'four' AND Published = 2003 RETURNING ALL OLD *")
    assert old["Published"] == {"N": "2003"}
    assert run("SELECT * FROM Music WHERE Artist = 'C'") == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM Music",
        "DELETE FROM Music WHERE Artist = 'A'",
        "DELETE FROM Music WHERE Artist = 'A' AND begins_with(Song, 'o')",
        "UPDATE Music SET a = 1 WHERE Artist = 'A' OR Song = 'one'",
    ],
)
def test_writes_need_the_whole_key(run: Run, music: None, refused: Refused, statement: str) -> None:
    with refused("ValidationException", INCOMPLETE):
        run(statement)


def test_the_item_whose_condition_fails_is_shown(run: Run, music: None) -> None:
    with pytest.raises(ClientError) as caught:
        run(
            "UPDATE Music SET a = 1 WHERE Artist = 'B' AND Song = 'one' AND Published = 1",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"]["Published"] == {"N": "2002"}


def batch(dynamodb: Any, *statements: str, **more: Any) -> dict[str, Any]:
    return dict(dynamodb.batch_execute_statement(Statements=[{"Statement": one} for one in statements], **more))


def test_a_batch_reads(dynamodb: Any, music: None) -> None:
    answer = batch(
        dynamodb,
        "SELECT Published FROM Music WHERE Artist = 'A' AND Song = 'one'",
        "SELECT * FROM Music WHERE Artist = 'A' AND Song = 'none'",
        "SELECT * FROM Music WHERE Artist = 'A'",
        "SELECT * FROM Nowhere WHERE pk = 'x'",
        "NONSENSE",
        ReturnConsumedCapacity="TOTAL",
    )
    not_by_key = "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
    malformed = "Statement wasn't well formed, can't be processed: Expected data manipulation"
    assert answer["Responses"] == [
        {"TableName": "Music", "Item": {"Published": {"N": "2001"}}},
        {"TableName": "Music"},
        {"TableName": "Music", "Error": {"Code": "ValidationError", "Message": not_by_key}},
        {
            "TableName": "Nowhere",
            "Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"},
        },
        {"Error": {"Code": "ValidationError", "Message": malformed}},
    ]
    assert answer["ConsumedCapacity"] == [{"TableName": "Music", "CapacityUnits": 1.0}]


def test_a_batch_writes_what_it_can(dynamodb: Any, music: None, run: Run) -> None:
    answer = batch(
        dynamodb,
        "INSERT INTO Music VALUE {'Artist': 'A', 'Song': 'one'}",
        "INSERT INTO Music VALUE {'Artist': 'D', 'Song': 'new'}",
        "UPDATE Music SET Published = 1 WHERE Artist = 'C' AND Song = 'four' AND Published = 1",
        "DELETE FROM Music WHERE Artist = 'B' AND Song = 'one' RETURNING ALL OLD *",
    )
    assert answer["Responses"] == [
        {
            "TableName": "Music",
            "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
        },
        {"TableName": "Music"},
        {"TableName": "Music", "Error": {"Code": "ConditionalCheckFailed", "Message": FAILED}},
        {
            "TableName": "Music",
            "Item": {"Artist": {"S": "B"}, "Song": {"S": "one"}, "Published": {"N": "2002"}},
        },
    ]
    assert sorted(songs(run("SELECT * FROM Music"))) == ["A one", "A three", "A two", "C four", "D new"]


def test_a_batch_reads_or_writes(dynamodb: Any, music: None) -> None:
    with pytest.raises(ClientError, match="you cannot mix both in one batch"):
        batch(dynamodb, "SELECT * FROM Music WHERE Artist = 'A' AND Song = 'one'", "DELETE FROM Music WHERE Artist='A'")


def transact(dynamodb: Any, *statements: str, **more: Any) -> dict[str, Any]:
    given = [{"Statement": statement} for statement in statements]
    return dict(dynamodb.execute_transaction(TransactStatements=given, **more))


EXISTS = "EXISTS(SELECT * FROM Music WHERE Artist = 'A' AND Song = 'one' AND Label IS {})"


def test_a_transaction_writes_all(dynamodb: Any, music: None, run: Run) -> None:
    answer = transact(
        dynamodb,
        EXISTS.format("MISSING"),
        "INSERT INTO Music VALUE {'Artist': 'D', 'Song': 'new'}",
        "UPDATE Music SET Published = 1 WHERE Artist = 'C' AND Song = 'four'",
        "DELETE FROM Music WHERE Artist = 'B' AND Song = 'one'",
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Responses"] == [{}, {}, {}, {}]
    assert answer["ConsumedCapacity"][0]["TableName"] == "Music"
    assert sorted(songs(run("SELECT * FROM Music"))) == ["A one", "A three", "A two", "C four", "D new"]


def test_or_nothing(dynamodb: Any, music: None, run: Run) -> None:
    with pytest.raises(ClientError) as caught:
        transact(
            dynamodb,
            "DELETE FROM Music WHERE Artist = 'B' AND Song = 'one'",
            EXISTS.format("NOT MISSING"),
            "INSERT INTO Music VALUE {'Artist': 'A', 'Song': 'two'}",
            "UPDATE Music SET a = 1 WHERE Artist = 'nobody' AND Song = 'none'",
        )
    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": FAILED},
        {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"},
        {"Code": "ConditionalCheckFailed", "Message": FAILED},
    ]
    assert len(run("SELECT * FROM Music")) == 5


def test_a_transaction_reads(dynamodb: Any, music: None) -> None:
    one = "SELECT {} FROM Music WHERE Artist = 'A' AND Song = '{}'"
    assert transact(dynamodb, one.format("Published", "one"), one.format("*", "none"))["Responses"] == [
        {"Item": {"Published": {"N": "2001"}}},
        {},
    ]
    with pytest.raises(ClientError, match="you cannot mix both in one transaction"):
        transact(dynamodb, one.format("*", "one"), "DELETE FROM Music WHERE Artist = 'A' AND Song = 'one'")


def test_a_transaction_with_a_token_happens_once(cloud: Cloud, dynamodb: Any, music: None, refused: Refused) -> None:
    add = "UPDATE Music SET Published = Published + 1 WHERE Artist = 'A' AND Song = 'one'"
    for _ in range(2):
        assert transact(dynamodb, add, ClientRequestToken="t")["Responses"] == [{}]
    [item] = dynamodb.execute_statement(Statement="SELECT * FROM Music WHERE Artist = 'A' AND Song = 'one'")["Items"]
    assert item["Published"] == {"N": "2002"}
    with pytest.raises(ClientError) as caught:
        transact(dynamodb, add, add.replace("one", "two"), ClientRequestToken="t")
    assert caught.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"
    cloud.clock.advance(minutes=11)
    transact(dynamodb, add, ClientRequestToken="t")


def test_exists_is_for_transactions(run: Run, music: None) -> None:
    with pytest.raises(ClientError, match="EXISTS function can only be used in transactional operations"):
        run(EXISTS.format("MISSING"))
