"""What kind of failure is it: messages as the engines word them, and what only looks like one of the kind."""

import sys

import duckdb
import pytest

from orchestrator.run.failures import is_environment, is_systemic, is_transient

# As the Google client words them.
PASSING = [
    "429 POST https://bigquery.googleapis.com/bigquery/v2/projects/p/jobs?prettyPrint=false: Exceeded rate "
    "limits: too many table update operations for this table; reason: rateLimitExceeded",
    "403 GET https://bigquery.googleapis.com/...: Quota exceeded; reason: jobRateLimitExceeded, location: x",
    "503 GET https://bigquery.googleapis.com/bigquery/v2/projects/p/queries/q: Visibility check: 503",
    "500 An internal error occurred; reason: backendError",
    "502 Bad Gateway",
    "504 Gateway Timeout",
    "HTTP 429: Too Many Requests",
    "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))",
    "Could not serialize access to table p:d.t due to concurrent update",
    "HTTPSConnectionPool(host='bigquery.googleapis.com', port=443): Read timed out. (read timeout=60)",
]
LASTING = [
    "400 Bad int64 value: 429; reason: invalidQuery, location: query, message: Bad int64 value: 429",
    "404 Not found: Table p:d.t; reason: notFound",
    "403 Access Denied: Table p:d.t: User does not have permission; reason: accessDenied",
    "400 Unrecognized name: points503 at [5:3]; reason: invalidQuery",
    "player_id 1503 has 429 rows",
    "This model has an enforced contract that failed.",
]


@pytest.mark.parametrize("message", PASSING)
def test_what_a_service_says_when_it_is_busy(message):
    assert is_transient(message)
    assert not is_systemic(message)
    assert not is_environment(message)


@pytest.mark.parametrize("message", LASTING)
def test_a_number_does_not_make_an_error_pass(message):
    assert not is_transient(message)


def said_by_duckdb(sql):
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as raised:
        connection.execute(sql).fetchall()
    return str(raised.value)


DATA = [
    "select cast('429' as date)",
    "select cast('503 Service Unavailable' as int)",
    "select cast('too many requests' as int)",
    "select cast(503000 as tinyint)",
    "select cast(429 as utinyint)",
    "select 9223372036854775807 + 503",
    "create table t (a int check (a < 429)); insert into t values (503)",
    "create table t (a int primary key); insert into t values (429), (429)",
    "create table t (a int not null); insert into t values (null)",
    "select strptime('429', '%Y-%m')",
    "select error('connection reset by 503 https://')",
    "select (select unnest([429, 503]))",
]


@pytest.mark.parametrize("sql", DATA)
def test_what_duckdb_says_of_data_is_a_dates_own_fault(sql):
    message = said_by_duckdb(sql)
    assert not is_transient(message), message
    assert not is_systemic(message), message
    assert not is_environment(message), message


@pytest.mark.parametrize("sql", ["selec 1", "select nope", "select * from nope", "select nope(1)"])
def test_what_duckdb_says_of_code_is_everybodys(sql):
    message = said_by_duckdb(sql)
    assert is_systemic(message), message
    assert not is_transient(message), message


def test_want_of_memory_is_worth_a_smaller_window():
    message = said_by_duckdb(
        "set memory_limit = '8MB'; set max_temp_directory_size = '0MB'; "
        "create table t as select range as a, repeat('x', 100) from range(2000000) order by 2 desc, 1"
    )
    assert "Out of Memory" in message
    assert not any(kind(message) for kind in (is_transient, is_systemic, is_environment)), message


@pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev/full")
def test_a_full_disk_is_no_dates_fault():
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as raised:
        connection.execute("copy (select range from range(100000)) to '/dev/full' (format csv)")
    assert is_environment(str(raised.value))
    assert not is_transient(str(raised.value))


def test_missing_rights_are_no_dates_fault():
    assert is_environment('IO Error: Cannot open file "x.duckdb": Permission denied')
    assert is_environment("[Errno 122] Disk quota exceeded")
