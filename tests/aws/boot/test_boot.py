"""What Terraform hands to instances makes them a cluster that runs the shop, and lets go of machines without a loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from tests.aws import inventory
from tests.aws.boot.conftest import HOST, PREFIX, REGION, Shop, production
from tests.bed import ec2, processes
from tests.bed.metadata import Instance
from tests.local.api import until
from tests.machines import load
from tests.machines import site as sites
from tests.machines.loss import lose_everything
from tests.machines.times import step

CLIENT, SERVER = f"{PREFIX}-client", f"{PREFIX}-server"
MINUTES = 60.0


def test_user_data_is_small_and_the_same_script_as_on_bare_metal(shop: Shop) -> None:
    script = (shop.site.stack / "terraform" / "bootstrap.sh").read_text()
    for role in ("server", "client"):
        found = shop.client("ec2").describe_launch_template_versions(
            LaunchTemplateName=f"{PREFIX}-{role}", Versions=["$Latest"]
        )
        data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]["UserData"]
        booted = ec2.script(data).decode()
        code = [line for line in script.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert [line for line in code if line not in booted] == []
        assert f"PREFIX='{PREFIX}'" in booted


def test_machines_found_each_other_by_tag(shop: Shop) -> None:
    assert shop.cloud.failures() == []
    with shop.nomad() as way:
        assert len(shop.site.api("/v1/status/peers", **way)) == 3
        nodes = {one["Name"]: one["Status"] for one in shop.site.api("/v1/nodes", **way)}
    assert nodes == {one.id: "ready" for one in shop.cloud.running(CLIENT)}
    asked = shop.cloud.api.of("ec2:DescribeInstances")
    assert {call.instance for call in asked} == {one.id for one in shop.cloud.running()}
    assert {one.zone for one in shop.cloud.running(SERVER)} == {f"{REGION}a", f"{REGION}b"}


def test_nobody_is_let_in_without_a_certificate_and_a_token(shop: Shop) -> None:
    server = shop.machines("server")[0]
    ask = "curl -s -o /dev/null -w '%{http_code}' --cacert /etc/hashistack/tls/ca.pem"
    known = "--cert /etc/hashistack/tls/cert.pem --key /etc/hashistack/tls/key.pem"
    assert server.ssh(f"{ask} https://127.0.0.1:4646/v1/jobs").stdout == "403"
    assert server.ssh(f"{ask} https://127.0.0.1:8501/v1/agent/self").stdout == "000"
    assert server.ssh(f"{ask} {known} https://127.0.0.1:8501/v1/agent/self").stdout == "403"
    assert server.ssh("ss -Hltn | grep -E ':(8500|4646) ' | grep -vc 127.0.0.1:8500").stdout == "1\n"


def test_every_request_was_signed_and_within_the_rights_of_its_role(shop: Shop) -> None:
    assert shop.cloud.api.refused == []
    read = {(call.role, call.resource) for call in shop.cloud.api.of("ssm:GetParameter")}
    for role, path in read:
        assert f"/{PREFIX}/{role.removeprefix(f'{PREFIX}-')}/" in path


def test_a_client_may_not_read_what_is_the_servers(shop: Shop) -> None:
    client = shop.machines("client")[0]
    before = len(shop.cloud.api.refused)
    for wanted in (f"/{PREFIX}/server/secrets.env", f"/{PREFIX}/operator/credentials.json"):
        answer = json.loads(client.run(_SIGNED.format(name=wanted, region=REGION)))
        assert answer["__type"] == "AccessDeniedException"
    assert len(shop.cloud.api.refused) == before + 2
    del shop.cloud.api.refused[before:]


def test_the_shop_answers_through_every_client(shop: Shop) -> None:
    for machine in shop.machines("client"):
        until(partial(shop.site.answers, machine.address, host=HOST), 60)
    _, order = shop.site.ask(shop.machines("client")[0].address, "/orders", host=HOST, method="POST")
    address = shop.machines("client")[0].address
    until(lambda: shop.site.ask(address, f"/orders/{order['id']}", host=HOST)[1]["state"] == "done")


def test_a_container_cannot_become_its_machine(shop: Shop) -> None:
    instance = shop.cloud.running(CLIENT)[0]
    assert "timed out" in _asked_by_a_container(shop, instance)
    instance.hops = 64
    try:
        assert "401" in _asked_by_a_container(shop, instance), "else the hop limit is not what stopped it"
    finally:
        instance.hops = 1


def test_a_client_that_is_to_go_drains_and_says_so(shop: Shop) -> None:
    # A cache of one node would be gone with its machine, and what starts anew would wait for it until the next `up`.
    kept = _node_of(shop, "shop-cache")
    leaving = next(one for one in shop.cloud.running(CLIENT) if one.id != kept)
    machine = shop.cloud.machine(leaving.id)
    addresses = [one.address for one in shop.machines("client")]
    with step("drain of a client that Auto Scaling takes away") as watch:
        with load.requests(addresses, HOST) as seen:
            shop.client("autoscaling").terminate_instance_in_auto_scaling_group(
                InstanceId=leaving.id, ShouldDecrementDesiredCapacity=False
            )
            processes.wait_for(lambda: not machine.is_on(), seconds=3 * MINUTES)
            _settled(shop, CLIENT, 2)
        watch.note = str(seen)
    assert seen.answered > 20
    assert seen.failed == []
    assert list(_completed(shop, "drain", leaving)) == ["CONTINUE"]


def test_a_server_that_is_gone_is_replaced_by_one_that_votes(shop: Shop) -> None:
    gone, *others = shop.cloud.running(SERVER)
    with step("replacement of a server") as watch:
        shop.client("autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId=gone.id, ShouldDecrementDesiredCapacity=False
        )
        processes.wait_for(lambda: not shop.cloud.machine(gone.id).is_on(), seconds=3 * MINUTES)
        _settled(shop, SERVER, 3)
        with shop.nomad(shop.cloud.machine(others[0].id)) as way:
            wanted = {one.address for one in shop.cloud.running(SERVER)}
            until(lambda: _voters(shop, way) == wanted, 60)
        watch.note = f"{len(wanted)} voters"
    assert list(_completed(shop, "drain", gone)) == ["CONTINUE"]
    for machine in shop.machines("client"):
        assert shop.site.ask(machine.address, host=HOST)[0] == 200


def test_an_upgrade_replaces_the_servers_one_at_a_time(shop: Shop) -> None:
    before = {one.id for one in shop.cloud.running(SERVER)}
    sites.put_example(shop.site, production(shop.cloud) | {"servers": {"count": 3, "type": "t3.medium"}})
    with step("upgrade: three servers of another type") as watch:
        with load.requests([one.address for one in shop.machines("client")], HOST) as seen:
            shop.site.done("upgrade", "-e", "production", "--yes", seconds=900)
        watch.note = str(seen)
    assert seen.failed == []
    after = shop.cloud.running(SERVER)
    assert not before & {one.id for one in after}
    with shop.nomad(shop.cloud.machine(after[0].id)) as way:
        assert _voters(shop, way) == {one.address for one in after}


def test_what_was_saved_is_there_again_after_all_servers_lost_their_data(shop: Shop) -> None:
    with shop.nomad() as way:
        before, instances = shop.site.jobs(**way), _instances(shop, way)
        shop.site.nomad("var", "put", "-force", "nomad/jobs/kept", "value=42", **way)
    saved = shop.site.run("backup", "-e", "production", "--to", str(shop.site.folder)).stdout.strip()
    lose_everything(shop.machines("server"))
    with step("restore, after all servers lost their data"):
        shop.site.done("restore", "-e", "production", "--yes", saved, seconds=900)
    with shop.nomad() as way:
        assert shop.site.jobs(**way) == before
        assert _instances(shop, way) == instances, "they went on all the time"
        assert "42" in shop.site.nomad("var", "get", "-item=value", "nomad/jobs/kept", **way)
        nodes = {one["Name"]: one["Status"] for one in shop.site.api("/v1/nodes", **way)}
    assert {nodes[one.id] for one in shop.cloud.running(CLIENT)} == {"ready"}
    with step("... until the app answers through every client"):
        for machine in shop.machines("client"):
            until(partial(shop.site.answers, machine.address, host=HOST), 120)


def test_up_again_changes_nothing(shop: Shop) -> None:
    before = {one.id for one in shop.cloud.running()}
    with step("up again, nothing to do", goal=60):
        shop.site.up()
    assert {one.id for one in shop.cloud.running()} == before


def test_down_leaves_nothing(shop: Shop) -> None:
    with step("down"):
        shop.site.done("down", "-e", "production", "--yes", seconds=400)
    assert inventory.taken(shop.cloud.aws, REGION) == shop.before
    processes.wait_for(lambda: not shop.cloud.running(), seconds=30)


_SIGNED = """
ask() {{ curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/$1; }}
token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
keys=$(ask iam/security-credentials/$(ask iam/security-credentials/))
field() {{ echo "$keys" | sed -n "s/.*\\"$1\\" *: *\\"\\([^\\"]*\\)\\".*/\\1/p"; }}
curl -s --aws-sigv4 aws:amz:{region}:ssm --user "$(field AccessKeyId):$(field SecretAccessKey)" \
  -H "X-Amz-Security-Token: $(field Token)" -H 'X-Amz-Target: AmazonSSM.GetParameter' \
  -H 'Content-Type: application/x-amz-json-1.1' -d '{{"Name": "{name}", "WithDecryption": true}}' \
  https://ssm.{region}.amazonaws.com/
"""


def _asked_by_a_container(shop: Shop, instance: Instance) -> str:
    ask = "import urllib.request as u; u.urlopen('http://169.254.169.254/latest/meta-data/', timeout=3)"
    run = f'docker run --rm hashistack-example/shop:v1 python3 -c "{ask}" 2>&1 | tail -n 1'
    return shop.cloud.machine(instance.id).run(run)


def _settled(shop: Shop, group: str, count: int) -> None:
    """Wait until the group has so many instances in service, each of which has said that it joined."""

    def states() -> list[str]:
        found = shop.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        return [one["LifecycleState"] for one in found["AutoScalingGroups"][0]["Instances"]]

    processes.wait_for(lambda: states() == ["InService"] * count, seconds=3 * MINUTES)


def _completed(shop: Shop, hook: str, instance: Instance) -> Iterator[str]:
    for call in shop.cloud.api.of("autoscaling:CompleteLifecycleAction"):
        if (call.parameters["LifecycleHookName"], call.instance) == (
            hook,
            instance.id,
        ) and call.status == 200:
            yield call.parameters["LifecycleActionResult"]


def _node_of(shop: Shop, job: str) -> str:
    """Return the node on which the only instance of a job runs."""
    with shop.nomad() as way:
        found = shop.site.api(f"/v1/job/{job}/allocations", **way)
    (node,) = (each["NodeName"] for each in found if each["ClientStatus"] == "running")
    return str(node)


def _instances(shop: Shop, way: dict[str, str]) -> set[str]:
    found = shop.site.api("/v1/allocations", **way)
    return {f"{each['Name']} {each['ID']}" for each in found if each["ClientStatus"] == "running"}


def _voters(shop: Shop, way: dict[str, str]) -> set[str]:
    found = shop.site.api("/v1/operator/raft/configuration", **way)
    return {one["Address"].partition(":")[0] for one in found["Servers"] if one["Voter"]}
