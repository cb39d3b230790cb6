"""What dbt would ask of Google to run the Python model, by each method; and what it refuses to ask."""

import ast
import json


def test_serverless_runs_the_script_on_a_spark_that_narwhals_supports(submissions):
    submission = submissions["serverless"]
    request = submission["request"]
    assert request["parent"] == "projects/a-project/locations/a-region"
    batch = request["batch"]["pyspark_batch"]
    assert batch["main_python_file_uri"] == submission["uri"]
    assert batch["python_file_uris"] == ["gs://a-bucket/narwhals.zip"]
    assert batch["jar_file_uris"] == []
    # 3.0 has Spark 4.0, 2.2 and 2.3 have 3.5; dbt's own choice is 1.1.
    assert request["batch"]["runtime_config"]["version"] == "3.0"


def test_a_cluster_is_asked_by_name(submissions):
    request = submissions["cluster"]["request"]
    assert (request["project_id"], request["region"]) == ("a-project", "a-region")
    assert request["job"]["placement"] == {"cluster_name": "a-cluster"}
    assert request["job"]["pyspark_job"]["main_python_file_uri"] == submissions["cluster"]["uri"]


def test_both_run_the_same_script(submissions):
    assert submissions["cluster"]["script"] == submissions["serverless"]["script"]


def test_the_script_stands_alone(submissions):
    """Dataproc has all of it but Narwhals. Ibis is for BigFrames; dbt tries pandas and Koalas."""
    imported = set()
    for node in ast.walk(ast.parse(submissions["serverless"]["script"])):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    assert imported == {"narwhals", "pyspark"} | {"ibis"} | {"pandas", "databricks"}


def test_bigframes_runs_a_notebook_that_installs_what_it_needs(submissions):
    submission = submissions["bigframes"]
    notebook = submission["request"]["notebook_execution_job"]
    assert notebook["gcs_notebook_source"]["uri"] == submission["uri"]
    (cell,) = json.loads(submission["script"])["cells"]
    source = "".join(cell["source"])
    assert "\nimport bigframes.pandas as bpd\n" in source
    assert "\n_install_packages(['narwhals~=2.29', 'ibis-framework~=12.0'])\n" in source


def test_an_unknown_method_is_named_before_any_model(submissions):
    assert_stopped_at_the_start(
        submissions["severless"],
        "NBA_SUBMISSION_METHOD is 'severless', which cannot run int_ml_features: set it to one of "
        "serverless, cluster, bigframes",
    )


def test_what_a_method_needs_is_named_before_any_model(submissions):
    assert_stopped_at_the_start(
        submissions["cluster without NBA_DATAPROC_CLUSTER"],
        "int_ml_features is to be run by cluster, which needs NBA_DATAPROC_CLUSTER: set it "
        "(docs/bigquery.md)",
    )


def assert_stopped_at_the_start(submission, message):
    error = submission["error"].splitlines()
    assert error[0].startswith("Compilation Error in operation nba_phase4-on-run-start-")
    assert error[1].strip() == message
