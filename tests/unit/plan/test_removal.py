from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hashistack.backends.endpoint import nomad_endpoint
from hashistack.backends.processes import Process, launch, stop
from hashistack.backends.state import StateFolder, state_folder, write_json
from hashistack.cli import main
from hashistack.cli.terminal import Terminal
from hashistack.plan.actual import JobState
from hashistack.plan.removal import Remains, Situation, plan_down, way_down
from hashistack.plan.steps import RemoveJob, RemoveVariable, RemoveVolumes, StopAgents
from tests.backends.stub import serving
from tests.cli.run import Tty, run

SHOP = Remains(
    app="shop",
    recorded_jobs=("shop-cache", "shop-release", "shop", "ingress"),
    recorded_variables=("nomad/jobs/shop",),
    jobs=(
        JobState("ingress", "ingress", None),
        JobState("shop", "shop", "v1"),
        JobState("shop-cache", "shop", None),
        JobState("shop-release", "shop", "v1"),
    ),
    variables=frozenset({"nomad/jobs/shop"}),
    agents=("consul", "nomad"),
)


def test_everything_goes_against_the_order_of_its_making() -> None:
    assert plan_down(SHOP).plan.steps == (
        RemoveJob("shop"),
        RemoveJob("shop-release"),
        RemoveJob("shop-cache"),
        RemoveJob("ingress"),
        RemoveVariable("nomad/jobs/shop"),
        StopAgents(("consul", "nomad")),
    )


def test_a_job_that_was_taken_over_since_stays_and_is_named() -> None:
    jobs = tuple(JobState("shop", None, None) if job.id == "shop" else job for job in SHOP.jobs)
    removal = plan_down(replace(SHOP, jobs=jobs))
    assert RemoveJob("shop") not in removal.plan.steps
    assert removal.taken_over == ("shop",)
    assert removal.foreign == ("shop",)


def test_the_ingress_and_the_agents_stay_while_another_app_needs_them() -> None:
    removal = plan_down(replace(SHOP, jobs=(*SHOP.jobs, JobState("blog", "blog", "v7"))))
    assert RemoveJob("ingress") not in removal.plan.steps
    assert not any(isinstance(step, StopAgents) for step in removal.plan.steps)
    assert removal.foreign == ("ingress", "blog")


def test_agents_with_a_job_of_somebody_else_go_on_without_the_ingress() -> None:
    removal = plan_down(replace(SHOP, jobs=(*SHOP.jobs, JobState("theirs", None, None))))
    assert RemoveJob("ingress") in removal.plan.steps
    assert removal.foreign == ("theirs",)


def test_an_ingress_that_was_not_recorded_stays() -> None:
    removal = plan_down(replace(SHOP, recorded_jobs=("shop",)))
    assert RemoveJob("ingress") not in removal.plan.steps


def test_jobs_of_the_app_that_this_environment_did_not_record_stay_and_are_named() -> None:
    removal = plan_down(replace(SHOP, recorded_jobs=("shop-cache", "ingress")))
    assert removal.plan.steps == (RemoveJob("shop-cache"), RemoveVariable("nomad/jobs/shop"))
    assert removal.elsewhere == ("shop", "shop-release")
    assert removal.foreign == ("ingress", "shop", "shop-release")


def test_a_variable_that_was_not_recorded_stays() -> None:
    removal = plan_down(replace(SHOP, recorded_variables=()))
    assert not any(isinstance(step, RemoveVariable) for step in removal.plan.steps)


def test_a_second_time_there_is_nothing_to_do() -> None:
    assert plan_down(replace(SHOP, jobs=(), variables=frozenset(), agents=())).plan.steps == ()


def test_the_runs_of_a_removed_schedule_do_not_keep_the_agents() -> None:
    jobs = (JobState("shop-nightly", "shop", "v1"), JobState("shop-nightly/periodic-1", "shop", "v1"))
    removal = plan_down(replace(SHOP, recorded_jobs=("shop-nightly",), jobs=jobs))
    assert removal.plan.steps[0] == RemoveJob("shop-nightly")
    assert removal.elsewhere == ()
    assert any(isinstance(step, StopAgents) for step in removal.plan.steps)


def test_the_runs_of_a_schedule_that_somebody_removed_go_too() -> None:
    run_left = JobState("shop-nightly/periodic-1", "shop", "v1")
    removal = plan_down(replace(SHOP, recorded_jobs=("shop-nightly",), jobs=(run_left,)))
    assert removal.plan.steps[0] == RemoveJob("shop-nightly/periodic-1")


def test_the_agents_go_on_for_what_another_record_names() -> None:
    removal = plan_down(replace(SHOP, others=("bee (laptop)",)))
    assert removal.plan.steps[-1] == RemoveVariable("nomad/jobs/shop")
    assert removal.others == ("bee (laptop)",)


def test_a_variable_that_another_environment_needs_stays() -> None:
    removal = plan_down(replace(SHOP, others=("shop (factory)",), needed=SHOP.variables))
    assert not any(isinstance(step, RemoveVariable) for step in removal.plan.steps)


# --- which way

UP = Situation(
    recorded=True, others=False, silent=frozenset(), nomad_ours=True, agents_ours=True, loopback=True
)
DEAD = replace(UP, silent=frozenset({"Nomad", "Consul"}))
GONE = replace(DEAD, nomad_ours=False, agents_ours=False)


@pytest.mark.parametrize(
    ("situation", "way"),
    [
        (UP, "remove"),
        (replace(UP, silent=frozenset({"Consul"})), "remove"),
        (DEAD, "forget"),
        (replace(DEAD, others=True), "restart"),
        (replace(DEAD, nomad_ours=False), "remove"),
        (GONE, "forget"),
        (replace(GONE, others=True), "forget"),
        (replace(GONE, loopback=False), "remove"),
        (replace(GONE, silent=frozenset({"Nomad"})), "remove"),
        (replace(UP, recorded=False, others=True), "nothing"),
        (replace(GONE, recorded=False), "nothing"),
        # `up` may have failed before it put anything into the agents that it started.
        (replace(UP, recorded=False), "remove"),
        (replace(DEAD, recorded=False), "forget"),
    ],
)
def test_the_way_down(situation: Situation, way: str) -> None:
    assert way_down(situation) == way


# --- the command

BEE = """\
app: bee
image: registry.example.com/bee:v1
processes:
  web: {command: serve, port: 8000}
environments:
  laptop: {target: local}
  factory: {target: local}
"""


@pytest.fixture
def world(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a machine on which nothing listens: port 1 is nobody's."""
    (tmp_path / "hashistack.yaml").write_text(BEE)
    silent = "http://127.0.0.1:1"
    return {"NOMAD_ADDR": silent, "CONSUL_HTTP_ADDR": silent, "XDG_STATE_HOME": str(tmp_path / "state")}


def remembered(world: dict[str, str]) -> StateFolder:
    """Record a job and a variable of bee in laptop."""
    state = state_folder(world, nomad_endpoint(world))
    state.save(state.record("bee", "laptop").with_job("bee").with_variable("nomad/jobs/bee"))
    return state


def test_a_record_of_agents_that_are_gone_is_forgotten(tmp_path: Path, world: dict[str, str]) -> None:
    state = remembered(world)
    done = run("down", "-e", "laptop", "--yes", cwd=tmp_path, env=world)
    assert (done.code, state.recorded_apps()) == (0, [])
    assert "Nomad variable nomad/jobs/bee" in done.err


def test_a_record_of_a_cluster_elsewhere_that_is_silent_is_kept(
    tmp_path: Path, world: dict[str, str]
) -> None:
    world["NOMAD_ADDR"] = "http://nomad.invalid:4646"  # RFC 6761: never resolves
    state = remembered(world)
    done = run("down", "-e", "laptop", "--yes", cwd=tmp_path, env=world)
    assert (done.code, state.recorded_apps()) == (69, ["bee"])


def test_the_data_of_dead_agents_goes_and_what_was_in_it_is_told(
    tmp_path: Path, world: dict[str, str]
) -> None:
    state = remembered(world)
    write_json(state.agent("nomad") / "agent.json", {"pid": 1, "started": "another-boot/1", "ports": {}})
    done = run("down", "-e", "laptop", "--yes", cwd=tmp_path, env=world)
    assert (done.code, state.agent("nomad").exists()) == (0, False)
    assert "job bee\n" in done.err


def test_an_environment_without_a_record_is_left_alone(tmp_path: Path, world: dict[str, str]) -> None:
    state = remembered(world)
    done = run("down", "-e", "factory", "--yes", cwd=tmp_path, env=world)
    assert (done.code, state.recorded_apps()) == (0, ["bee"])
    assert "nothing of bee was brought up in factory" in done.err


class Keyboard(io.BytesIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_no_is_an_answer(
    tmp_path: Path, world: dict[str, str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    out, err = Tty(), Tty()
    with serving() as stub:
        stub.answer = [{"ID": "bee", "Meta": {"hashistack.app": "bee"}}]
        world["NOMAD_ADDR"] = stub.url
        state = state_folder(world, nomad_endpoint(world))
        state.save(state.record("bee", "laptop").with_job("bee"))
        code = main(["down", "-e", "laptop", *arguments], Terminal(Keyboard(), out, err, world, tmp_path))
        assert {request.method for request in stub.requests} == {"GET"}
    assert (code, state.recorded_apps()) == (1, ["bee"])
    assert ("nothing was changed" in err.getvalue()) is not bool(arguments)
    assert ('"failed"' in out.getvalue()) is bool(arguments)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Process]:
    process = launch(["sleep", "100"], os.environ, tmp_path, tmp_path / "log")
    yield process
    stop(process)


def test_the_secrets_of_another_app_keep_the_agents(
    tmp_path: Path, world: dict[str, str], agent: Process
) -> None:
    with serving() as stub:
        stub.answer = []
        world["NOMAD_ADDR"] = stub.url
        state = state_folder(world, nomad_endpoint(world))
        state.save(state.record("bee", "laptop").with_job("bee"))
        state.save(state.record("ant", "laptop").with_variable("nomad/jobs/ant"))
        write_json(
            state.agent("nomad") / "agent.json", {"pid": agent.pid, "started": agent.started, "ports": {}}
        )
        done = run("down", "-e", "laptop", "--yes", cwd=tmp_path, env=world)
    assert (done.code, state.recorded_apps()) == (0, ["ant"])
    assert "left agents nomad: ant (laptop) has something in them" in done.err
    assert agent.alive


def test_the_data_of_another_app_stays_when_the_agents_that_nobody_needs_stop() -> None:
    steps = plan_down(replace(SHOP, data_of_others=True)).plan.steps
    assert steps[-1] == StopAgents(("consul", "nomad"), keeps_data=True)


@pytest.mark.parametrize(
    ("left", "stops"), [("nomad/jobs/ant-cache", True), ("nomad/jobs/ant", False)], ids=["data", "a secret"]
)
def test_another_app_of_which_only_data_is_left_needs_no_agents(
    tmp_path: Path, world: dict[str, str], agent: Process, left: str, *, stops: bool
) -> None:
    with serving() as stub:
        stub.answer = []
        world["NOMAD_ADDR"] = stub.url
        state = state_folder(world, nomad_endpoint(world))
        state.save(state.record("bee", "laptop").with_job("bee"))
        state.save(state.record("ant", "laptop").with_volume("ant-cache").with_variable(left))
        write_json(
            state.agent("nomad") / "agent.json", {"pid": agent.pid, "started": agent.started, "ports": {}}
        )
        done = run("down", "-e", "laptop", "--yes", cwd=tmp_path, env=world)
    assert done.code == 0, done.err
    assert agent.alive != stops
    assert state.record("ant", "laptop").volumes == ("ant-cache",)


# --- data


DATA = ("nomad/jobs/shop-cache", "nomad/jobs/shop-cache/node", "hashistack/stand-ins/shop-cache")
WITH_DATA = replace(
    SHOP,
    recorded_variables=("nomad/jobs/shop", *DATA),
    recorded_volumes=("shop-cache",),
    variables=frozenset({"nomad/jobs/shop", *DATA}),
)


def test_volumes_stay_with_the_variables_that_their_data_needs() -> None:
    steps = plan_down(WITH_DATA).plan.steps
    assert [step for step in steps if isinstance(step, RemoveVariable | RemoveVolumes)] == [
        RemoveVariable("nomad/jobs/shop")
    ]
    assert steps[-1] == StopAgents(("consul", "nomad"), keeps_data=True)


def test_purge_takes_the_volumes_after_their_jobs_and_all_variables() -> None:
    steps = plan_down(replace(WITH_DATA, purge=True)).plan.steps
    assert steps[-6:] == (
        RemoveVolumes("shop-cache"),
        RemoveVariable("nomad/jobs/shop"),
        *(RemoveVariable(path) for path in DATA),
        StopAgents(("consul", "nomad")),
    )
    assert isinstance(steps[-7], RemoveJob)


def situation(**different: object) -> Situation:
    found = Situation(
        recorded=True,
        others=False,
        silent=frozenset(),
        nomad_ours=True,
        agents_ours=True,
        loopback=True,
    )
    return replace(found, **different)  # type: ignore[arg-type]


def test_data_alone_is_left_whether_its_agents_run_or_not() -> None:
    for silent in (frozenset[str](), frozenset({"Nomad", "Consul"})):
        assert way_down(situation(recorded=False, keeps=True, silent=silent)) == "kept"


def test_dead_agents_are_not_wiped_while_they_have_data_to_keep() -> None:
    silent = frozenset({"Nomad", "Consul"})
    assert way_down(situation(keeps=True, silent=silent)) == "restart"
    assert way_down(situation(silent=silent)) == "forget"
